package cyrus

// dirHash is the one-letter directory in which Cyrus puts a name: dir_hash_c of
// lib/util.c. full is the option fulldirhash.
func dirHash(name string, full bool) string {
	if !full {
		return firstLetter(name)
	}
	var n uint32
	for _, c := range []byte(name) {
		if c == 0 || c == '.' {
			break
		}
		n = (n<<3 ^ n>>5) ^ uint32(c)
	}
	return string(rune('A' + n%23))
}

// firstLetter is the simple rule; all that is not a letter goes to "q".
func firstLetter(name string) string {
	if name == "" {
		return "q"
	}
	if c := name[0] | 0x20; 'a' <= c && c <= 'z' { // 0x20 makes a letter lower case, and nothing else one
		return string(rune(c))
	}
	return "q"
}
