package cli

import (
	"context"

	"cyrlock/probe/syslog/route"
	"cyrlock/ui/scene"
)

// Test sends test messages, and looks for them.
func (m mailLog) Test(ctx context.Context) (scene.LogTest, error) {
	ask := request(ctx, m.conf)
	if m.file != "" {
		ask.Files = []string{m.file}
	}
	way, _ := route.Check(ctx, ask) // what it could not read is among its checks
	way, err := route.Prove(ctx, ask, way)
	if way.Proof == nil {
		return scene.LogTest{}, err
	}
	out := scene.LogTest{Good: way.Verdict == route.Yes, Sentence: way.Sentence, Lines: way.Lines()}
	if len(out.Lines) > 0 && out.Lines[0] == way.Sentence {
		out.Lines = out.Lines[1:]
	}
	if err != nil {
		out.Lines = append(out.Lines, "Not all could be looked at: "+oneLine(err))
	}
	return out, nil
}
