package diagnose

import (
	"path"
	"strings"

	"cyrlock/evidence"
)

// Delicate names the work of a process that must not be cut short: its program, or
// a function; "" for most.
func Delicate(p evidence.Process) string {
	switch name := program(p); name {
	case "cyr_expire", "ctl_cyrusdb", "cvt_cyrusdb", "reconstruct", "ctl_mboxlist", "ctl_conversationsdb":
		return name
	}
	for _, t := range p.Threads {
		if f, ok := hasRole(t.Frames, RoleDelicate); ok {
			if f.Func == "" {
				return "work in Berkeley DB"
			}
			return evidence.Clean(f.Func)
		}
	}
	return ""
}

// What is left when delicate work is cut short.
const (
	halfIndex    = "index and cache of that mailbox may not fit each other: reconstruct it afterwards"
	halfRename   = "that mailbox may be there twice, or in part: reconstruct both names afterwards"
	halfDatabase = "that database may need recovery (ctl_cyrusdb -r) before Cyrus starts again"
	halfEither   = "a database may need recovery (ctl_cyrusdb -r), or a mailbox that is tidied up reconstruct"
)

// delicate names the functions that put new files in the place of old ones, or move
// them, a step at a time: from 2.0.16 to 3.6. Debian's programs have no names for
// static functions: there those speak that call them, or are called by them, from
// another file.
var delicate = map[string]string{
	// Repacks: cyrus.index and cyrus.cache are written anew.
	"mailbox_expunge": halfIndex, "process_records": halfIndex, // up to 2.3; later it marks
	"mailbox_upgrade_index": halfIndex, "upgrade_index": halfIndex, // up to 2.3; 2.4
	"mailbox_expunge_cleanup": halfIndex, "mailbox_setversion": halfIndex, "_delayed_cleanup": halfIndex,
	"mailbox_index_repack": halfIndex, "mailbox_repack_setup": halfIndex, "mailbox_repack_add": halfIndex,
	"mailbox_repack_commit": halfIndex, "mailbox_repack_abort": halfIndex, "repack_cachefile": halfIndex,

	// Renames: files are copied, the list is changed, files are removed.
	"mailbox_rename":      halfRename, // up to 2.1
	"mailbox_rename_copy": halfRename, "mailbox_rename_nocopy": halfRename, "mailbox_rename_cleanup": halfRename,
	"mailbox_copy_files": halfRename, "mailbox_meta_rename": halfIndex,
	"mboxlist_renamemailbox": halfRename, "mboxlist_renametree": halfRename, "dorename": halfRename,
	"cmd_rename": halfRename, "renmbox": halfRename, "sync_apply_rename": halfRename,
	"user_renamedata": halfRename, "user_renameacl": halfRename, "user_renamesub": halfRename, "user_renamesieve": halfRename,
	"user_copyquotaroot": halfRename, "annotate_rename_mailbox": halfRename, "conversations_rename_folder": halfRename,

	// Checkpoints and recoveries of twoskip, skiplist and zeroskip. (flat has none: what
	// it writes is renamed into place at once.)
	"mycheckpoint": halfDatabase, "_delayed_checkpoint": halfDatabase, "checkpoint": halfDatabase,
	"cyrusdb_zeroskip_checkpoint": halfDatabase, "cyrusdb_repack": halfDatabase, "mappedfile_rename": halfDatabase,
	"recovery": halfDatabase, "recovery1": halfDatabase, "recovery2": halfDatabase, "_copy_commit": halfDatabase,
	"myconsistent":         halfDatabase,
	"libcyrus_run_delayed": halfEither, // 3.x: checkpoints and repacks, after the client has its answer
}

// berkeley says that a frame is in Berkeley DB, which has its own locks and its own
// recovery: as a library of any release, or linked into the program.
func berkeley(f evidence.Frame) bool {
	if rest, ok := strings.CutPrefix(path.Base(f.Module), "libdb"); ok && rest != "" && strings.ContainsAny(rest[:1], "-._0123456789") {
		return true
	}
	if !strings.HasPrefix(f.Func, "__") {
		return false
	}
	for _, part := range []string{"__db_", "__dbc_", "__dbenv_", "__dbreg_", "__bam_", "__ham_", "__qam_", "__memp_", "__txn_", "__fop_",
		"__lock_get", "__lock_vec", "__lock_detect", "__log_put", "__log_flush"} {
		if strings.HasPrefix(f.Func, part) {
			return true
		}
	}
	return false
}

// halfDone says what is left when that work is cut short.
func halfDone(work string) string {
	switch work {
	case "cyr_expire":
		return "what it has not expired yet stays until its next run, and the mailbox that it is in may need reconstruct"
	case "ctl_cyrusdb":
		return "a checkpoint or a copy of the databases stays half made: run it again"
	case "cvt_cyrusdb":
		return "the converted database is not whole: convert it again from the old one"
	case "reconstruct", "ctl_conversationsdb":
		return "what it rebuilds is rebuilt in part: run it again"
	case "ctl_mboxlist":
		return "the mailbox list may be written in part: compare it with a copy of before (ctl_mboxlist -d)"
	}
	name, _, _ := strings.Cut(work, ".") // "mailbox_index_repack.constprop.0"
	if half, ok := delicate[name]; ok {
		return half
	}
	return halfDatabase
}
