package lab

import (
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// programHome is where compiled programs may be kept from one run to the next:
// the user's cache. Empty: there is none that is private and lets programs run;
// then they go into the incident's own folder.
func programHome() string {
	cache, err := os.UserCacheDir()
	if err != nil || !filepath.IsAbs(cache) {
		return ""
	}
	// With sudo, HOME may still be somebody else's. What root runs must not lie
	// where they could swap it.
	if os.MkdirAll(cache, 0o700) != nil || !ownedByUs(cache) {
		return ""
	}
	home := filepath.Join(cache, "cyrlock")
	if os.Mkdir(home, 0o700) != nil && !ownedByUs(home) {
		return ""
	}
	if unix.Access(home, unix.W_OK|unix.X_OK) != nil || !mayRunFrom(home) {
		return ""
	}
	return home
}

// ownedByUs reports whether path is a folder that belongs to this user and that
// nobody else may write to.
func ownedByUs(path string) bool {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil {
		return false
	}
	return st.Mode&unix.S_IFMT == unix.S_IFDIR && int(st.Uid) == os.Geteuid() && st.Mode&0o022 == 0
}

// mayRunFrom is false on a file system mounted noexec: statfs(2) shows that in
// the bit that mount(2) sets it with.
func mayRunFrom(dir string) bool {
	var st unix.Statfs_t
	return unix.Statfs(dir, &st) == nil && st.Flags&unix.MS_NOEXEC == 0
}
