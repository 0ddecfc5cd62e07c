package diagnose

import (
	"strings"

	"cyrlock/evidence"
)

// Roles that a frame can play in a lock hang. A frame may also carry a [Kind] as
// its role: the function is known to work on that file.
const (
	RoleLockCall    = "lock-call"    // the C library's lock call: the thread sleeps here
	RoleLockReopen  = "lock-reopen"  // the frame the procedure looks for
	RoleLock        = "lock"         // Cyrus's other lock functions
	RoleClientWrite = "client-write" // sends to the client
	RoleClientRead  = "client-read"  // waits for the client
	RoleAccept      = "accept"       // idle, waits for its turn to take a connection
	RoleDelicate    = "delicate"     // killing it here may leave work half done
	RoleAllocator   = "allocator"    // must not be re-entered from a signal handler
)

// roles names the functions, by release where it matters in docs/concepts.md.
var roles = map[string]string{
	"flock": RoleLockCall, "__flock": RoleLockCall, "__GI___flock": RoleLockCall,
	"fcntl": RoleLockCall, "fcntl64": RoleLockCall, "__fcntl": RoleLockCall, "__libc_fcntl": RoleLockCall,
	"__libc_fcntl64": RoleLockCall, "__GI___libc_fcntl": RoleLockCall, "__GI___libc_fcntl64": RoleLockCall,
	"__fcntl64_nocancel_adjusted": RoleLockCall, "__GI___fcntl64_nocancel_adjusted": RoleLockCall,
	"__fcntl64_nocancel": RoleLockCall, "__libc_fcntl64_adjusted": RoleLockCall,
	"lockf": RoleLockCall, "lockf64": RoleLockCall,

	"lock_reopen": RoleLockReopen, "lock_reopen_ex": RoleLockReopen,
	"lock_setlock": RoleLock, "lock_blocking": RoleLock, "lock_shared": RoleLock,

	"lockaccept": RoleAccept,

	"prot_flush_internal": RoleClientWrite, "prot_flush": RoleClientWrite, "prot_write": RoleClientWrite,
	"prot_printf": RoleClientWrite, "SSL_write": RoleClientWrite,
	"prot_fill": RoleClientRead, "prot_read": RoleClientRead, "prot_select": RoleClientRead, "SSL_read": RoleClientRead,

	"seen_readit": string(Seen), "seen_lockread": string(Seen), "append_addseen": string(Seen),
	"index_checkseen": string(Seen), "index_writeseen": string(Seen), "seen_open": string(Seen),
	"mailbox_lock_header": string(Header),
	"mailbox_lock_index":  string(Index), "mailbox_lock_index_internal": string(Index),
	"mboxname_lock": string(MailboxName), "mailbox_open_advanced": string(MailboxName),
	"mailbox_mboxlock_reopen": string(MailboxName), "mboxname_lock_item": string(MailboxName),
	"user_namespacelock": string(UserNamespace), "user_namespacelock_full": string(UserNamespace),
	"mboxname_usernamespacelock": string(UserNamespace),
	"mailbox_lock_quota":         string(Quota), "quota_read": string(Quota), "quota_write": string(Quota),
	"quota_update_useds": string(Quota),
	"mboxlist_lookup":    string(MailboxesDB), "mboxlist_findall": string(MailboxesDB), "mboxlist_read": string(MailboxesDB),
	"mboxlist_changesub": string(Subscriptions),
	"duplicate_check":    string(Deliver), "duplicate_mark": string(Deliver), "duplicate_log": string(Deliver),
	"annotatemore_lookup": string(Annotations), "annotate_getdb": string(Annotations),
	"conversations_open_path": string(Conversations), "conversations_open_mbox": string(Conversations),

	"malloc": RoleAllocator, "free": RoleAllocator, "realloc": RoleAllocator, "calloc": RoleAllocator,
	"_int_malloc": RoleAllocator, "_int_free": RoleAllocator, "__libc_malloc": RoleAllocator,
	"__libc_free": RoleAllocator, "__lll_lock_wait_private": RoleAllocator, "__lll_lock_wait": RoleAllocator,
	"__GI___lll_lock_wait_private": RoleAllocator, "pthread_mutex_lock": RoleAllocator, "__pthread_mutex_lock": RoleAllocator,
	"___pthread_mutex_lock": RoleAllocator,
}

// kinds are the roles that are file kinds: such a frame tells what the lock is for.
var kinds = map[string]bool{
	string(Seen): true, string(Header): true, string(Index): true, string(MailboxName): true, string(UserNamespace): true,
	string(Quota): true, string(MailboxesDB): true, string(Subscriptions): true, string(Deliver): true,
	string(Annotations): true, string(Conversations): true,
}

// roleOf says what part a function plays; "" for most.
func roleOf(f evidence.Frame) string {
	if berkeley(f) {
		return RoleDelicate
	}
	name, _, _ := strings.Cut(f.Func, "@") // "flock@@GLIBC_2.2.5"
	name, _, _ = strings.Cut(name, ".")    // "seen_readit.constprop.0", "prot_fill.part.1"
	if _, ok := delicate[name]; ok {
		return RoleDelicate
	}
	return roles[name]
}

// kindOfStack is what the frames say the lock is for: the innermost one that
// knows. Generic database frames say nothing and are passed over.
func kindOfStack(frames []evidence.Frame) Kind {
	for _, f := range frames {
		if kinds[f.Role] {
			return Kind(f.Role)
		}
	}
	return Other
}

// hasRole finds the innermost frame with one of the roles.
func hasRole(frames []evidence.Frame, want ...string) (evidence.Frame, bool) {
	for _, f := range frames {
		for _, w := range want {
			if f.Role == w {
				return f, true
			}
		}
	}
	return evidence.Frame{}, false
}

// reentered finds a signal handler that came in while the allocator was at work
// and now wants it again: allocator frames on both sides of the handler, or at
// least above it (the interrupted side may be inlined).
func reentered(frames []evidence.Frame) (handler string, ok bool) {
	allocator := false
	for i, f := range frames {
		switch {
		case f.Role == RoleAllocator:
			allocator = true
		case f.Signal && allocator:
			if i > 0 {
				handler = frames[i-1].Func
			}
			return handler, true
		}
	}
	return "", false
}
