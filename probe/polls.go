package probe

import (
	"context"

	"cyrlock/evidence"
)

func (l *look) polls(ctx context.Context, files []evidence.File) {}
