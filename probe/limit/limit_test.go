package limit

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestDo(t *testing.T) {
	never := make(chan struct{})
	defer close(never)
	hang := func() (int, error) { <-never; return 1, nil }

	if v, err := Do(t.Context(), time.Minute, func() (int, error) { return 7, nil }); v != 7 || err != nil {
		t.Errorf("a read that ends: %d, %v", v, err)
	}
	if v, err := Do(t.Context(), time.Millisecond, hang); v != 0 || !errors.Is(err, ErrTime) {
		t.Errorf("a read that never ends: %d, %v; want ErrTime", v, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Do(ctx, time.Minute, hang); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled look: %v", err)
	}
}
