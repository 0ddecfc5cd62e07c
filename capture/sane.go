package capture

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"cyrlock/evidence"
)

// sane refuses numbers that no kernel gives, in whatever field: who reasons about a
// snapshot need not expect a process -7.
func sane(s evidence.Snapshot) error {
	if s.Taken.IsZero() {
		return errors.New("taken: it does not say when")
	}
	return number(reflect.ValueOf(s), "")
}

const (
	mostPID    = 1 << 22 // PID_MAX_LIMIT, include/linux/threads.h
	mostOther  = 1 << 40 // descriptors, lines, bytes in a queue
	mostSpan   = 1e12    // seconds, or their thousandths: of time
	notKnown   = -1      // a descriptor, a user
	damagedTip = "the file is damaged"
)

// number walks through all there is. path is for the error: "processes.pid".
func number(v reflect.Value, path string) error {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			return number(v.Elem(), path)
		}
	case reflect.Slice:
		if k := v.Type().Elem().Kind(); k == reflect.String || k == reflect.Uint64 {
			return nil // any will do
		}
		for i := range v.Len() {
			if err := number(v.Index(i), path); err != nil {
				return err
			}
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return nil
		}
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if err := number(v.Field(i), strings.TrimPrefix(path+"."+name, ".")); err != nil {
				return err
			}
		}
	case reflect.Int:
		n, most := v.Int(), int64(mostOther)
		if isPID(path) {
			most = mostPID
		}
		if n < notKnown || n > most {
			return fmt.Errorf("%s is %d: %s", path, n, damagedTip)
		}
	case reflect.Float64:
		if n := v.Float(); !(n >= 0 && n <= mostSpan) {
			return fmt.Errorf("%s is %g: %s", path, n, damagedTip)
		}
	}
	return nil
}

// isPID tells by its name whether a field is the number of a process or a thread.
func isPID(path string) bool {
	name := path[strings.LastIndexByte(path, '.')+1:]
	return slices.Contains([]string{"pid", "ppid", "tid", "tracer", "locker", "master", "blocked_by"}, name)
}
