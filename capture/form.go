package capture

import (
	"bytes"
	"errors"
	"fmt"
)

// Bounds of what a file may hold. A hung process with its stack is some 40 objects
// and 170 values; what JSON says in three bytes, {},, takes up to 500 in memory.
const (
	mostObjects = 1 << 20
	mostValues  = 16 << 20
	mostDepth   = 64
)

// form says what a file is that cannot be a capture, without taking memory for
// what is in it. That it is JSON is left for later.
func form(data []byte) error {
	text := bytes.TrimLeft(data, " \t\r\n")
	switch {
	case len(text) == 0:
		return errors.New("it is empty")
	case bytes.HasPrefix(data, []byte("\x1f\x8b")):
		return errors.New("it is compressed: unpack it first (gunzip)")
	case bytes.HasPrefix(data, []byte("\x28\xb5\x2f\xfd")):
		return errors.New("it is compressed: unpack it first (zstd -d)")
	case bytes.HasPrefix(data, []byte("\xfd7zXZ\x00")):
		return errors.New("it is compressed: unpack it first (unxz)")
	case text[0] == '[':
		return errors.New("a list, as cyrlock stack --json prints: only a capture or the output of cyrlock check --json can be opened")
	case text[0] != '{':
		return errors.New("not JSON: only a capture or the output of cyrlock check --json can be opened")
	}
	var objects, values, depth int
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted:
			switch c {
			case '\\':
				i++ // whatever is escaped, it is not the end
			case '"':
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == ',':
			values++
		case c == '{', c == '[':
			if c == '{' {
				objects++
			}
			if depth++; depth > mostDepth {
				return fmt.Errorf("lists within lists, more than %d deep: no capture is", mostDepth)
			}
		case c == '}', c == ']':
			depth--
		}
		if objects > mostObjects || values > mostValues {
			return fmt.Errorf("more than %d objects or %d values: no capture has", mostObjects, mostValues)
		}
	}
	return nil
}
