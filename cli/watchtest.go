package cli

import (
	"context"
	"fmt"

	"cyrlock/probe/cyrus"
	"cyrlock/probe/syslog/route"
	"cyrlock/ui/scene"
)

// Test sends test messages, and looks for them.
func (m mailLog) Test(ctx context.Context) (scene.LogTest, error) {
	server, _ := cyrus.Find(ctx, m.conf, nil)
	known := server.Evidence()
	ask := route.Request{Conf: known.Conf, Version: known.Version, Master: known.Master}
	if m.file != "" {
		ask.Files = []string{m.file}
	}
	way, _ := route.Check(ctx, ask) // what it could not read is among its checks
	way, err := route.Prove(ctx, ask, way)
	if way.Proof == nil {
		return scene.LogTest{}, err
	}
	out := scene.LogTest{Good: way.Verdict == route.Yes, Sentence: way.Sentence}
	for _, sent := range way.Proof.Sent {
		if sent.Error != "" {
			out.Lines = append(out.Lines, "The "+sent.Level+" message could not be sent: "+sent.Error)
		}
	}
	for _, c := range way.Changes {
		out.Lines = append(out.Lines, change(c)...)
	}
	for _, c := range way.Checks {
		out.Lines = append(out.Lines, c.Name+": "+c.Sentence)
	}
	if err != nil {
		out.Lines = append(out.Lines, "Not looked at: "+err.Error())
	}
	return out, nil
}

// change is what to do, in a sentence and in what to type.
func change(c route.Change) []string {
	out := []string{"To do: " + c.What}
	if c.File != "" {
		where := fmt.Sprintf("%s, at the end", c.File)
		switch {
		case c.Replace:
			where = fmt.Sprintf("%s, instead of line %d", c.File, c.Line)
		case c.Line > 0:
			where = fmt.Sprintf("%s, before line %d", c.File, c.Line)
		}
		out = append(out, "In "+where+": "+c.Put)
	}
	if c.Command != "" {
		out = append(out, "Then: "+c.Command)
	}
	return out
}
