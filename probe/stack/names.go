package stack

import (
	"errors"

	"cyrlock/evidence"
)

const signalHandler = "<signal handler called>" // gdb's words

// place describes where a frame is, once.
func (w *walk) place(f *frame) {
	if f.where == nil && f.mod != nil {
		f.where = f.mod.placeAt(w.proc.from, f.linked(), w.proc.tracer.options)
	}
}

// named turns the frames into evidence: with names, lines and arguments.
func (w *walk) named() []evidence.Frame {
	w.addTailCalls()
	out := make([]evidence.Frame, 0, len(w.frames)+4)
	for _, f := range w.frames {
		if !f.trampoline() {
			w.place(f)
		}
	}
	for i, f := range w.frames {
		plain := evidence.Frame{PC: evidence.Addr(f.pc), How: "cfi"}
		if f.guessed {
			plain.How = "guess"
		}
		if f.mod == nil {
			out = append(out, plain)
			continue
		}
		plain.Module, plain.Offset = f.mod.path, evidence.Addr(f.pc-f.bias)
		if f.trampoline() {
			plain.Func, plain.Signal = signalHandler, true
			out = append(out, plain)
			continue
		}
		if len(f.where.calls) == 0 {
			plain.Func = f.where.name
			out = append(out, f.mod.unnamed(plain))
		}
		for k, c := range f.where.calls {
			e := plain
			e.Func, e.File, e.Line, e.Inlined = c.name, c.file, c.line, k < len(f.where.calls)-1
			if e.Func == "" && !e.Inlined {
				e.Func = f.where.name
			}
			for _, p := range c.params {
				name, text := w.argument(i, p)
				e.Args = append(e.Args, evidence.Arg{Name: name, Value: text})
			}
			out = append(out, f.mod.unnamed(e))
		}
	}
	return out
}

// unnamed adds the build-id where there is no name: with it and the offset
// the function can be found elsewhere.
func (mod *module) unnamed(f evidence.Frame) evidence.Frame {
	if f.Func == "" {
		f.BuildID = mod.buildID
	}
	return f
}

// broken collects what the debug information of the frames' modules failed with.
func (w *walk) broken() error {
	var errs []error
	said := map[*module]bool{}
	for _, f := range w.frames {
		if f.where != nil && f.where.broken != nil && !said[f.mod] {
			said[f.mod] = true
			errs = append(errs, f.where.broken)
		}
	}
	return errors.Join(errs...)
}
