# gdb -batch -ex "python pids=[1,2]" -x frames.py: the frames of every thread of
# these processes, one line of JSON per thread after the mark "@@".
import gdb
import json


def frames():
    out = []
    f = gdb.newest_frame()
    while f is not None:
        sal = f.find_sal()
        out.append({
            "pc": f.pc(),
            "type": f.type(),
            "name": f.name() or "",
            "file": sal.symtab.filename if sal.symtab else "",
            "line": sal.line if sal.symtab else 0,
            "lib": gdb.solib_name(f.pc()) or "",
        })
        f = f.older()
    return out


def text(entry):
    return gdb.execute("bt -frame-arguments scalars -past-main on -past-entry on"
                       " -entry-values " + entry, to_string=True)


for s in ("width 0", "height 0", "confirm off", "debuginfod enabled off",
          "print demangle off",  # it takes C names for Ada's
          "host-charset ASCII", "target-charset ASCII",
          "backtrace past-main on", "backtrace past-entry on"):
    gdb.execute("set " + s)
for pid in pids:
    gdb.execute("file")
    try:
        gdb.execute("attach %d" % pid, to_string=True)
        for t in gdb.selected_inferior().threads():
            t.switch()
            print("@@" + json.dumps({
                "pid": pid, "tid": t.ptid[1], "frames": frames(),
                "text": text("if-needed"), "both": text("both")}))
        gdb.execute("detach", to_string=True)
    except gdb.error as e:
        print("@@" + json.dumps({"pid": pid, "error": str(e)}))
