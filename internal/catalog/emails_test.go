package catalog

import (
	"testing"
	"time"
)

func TestQueueEmail_OnePerDedupKey(t *testing.T) {
	c, at := openForEmails(t)
	for n, fresh := range []bool{true, false} {
		got, err := c.QueueEmail(t.Context(), Email{DedupKey: "ready intro 1", Recipient: "ada@example.org", Subject: "s", Body: "b", At: at})
		if err != nil || got != fresh {
			t.Errorf("time %d: new is %v, %v; want %v", n+1, got, err, fresh)
		}
	}
	if all, err := c.Emails(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("there are %d letters, %v; want 1", len(all), err)
	}
}

func TestMarkEmailFailed_BacksOffAndGivesUpAfterThreeDays(t *testing.T) {
	c, at := openForEmails(t)
	if _, err := c.QueueEmail(t.Context(), Email{DedupKey: "x", Recipient: "ada@example.org", At: at}); err != nil {
		t.Fatal(err)
	}
	waits := []time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 2 * time.Hour}
	now := at
	for tries := 0; ; tries++ {
		due, next, err := c.DueEmails(t.Context(), now)
		if err != nil {
			t.Fatal(err)
		}
		if len(due) == 0 && next.IsZero() {
			break
		}
		if len(due) == 0 {
			if wait := next.Sub(now); wait != waits[min(tries, len(waits))-1] {
				t.Errorf("after %d attempts it waits %v", tries, wait)
			}
			now, tries = next, tries-1
			continue
		}
		if err := c.MarkEmailFailed(t.Context(), due[0], now, "451 later", false); err != nil {
			t.Fatal(err)
		}
	}
	if now.Sub(at) < 69*time.Hour || now.Sub(at) > giveUpAfter {
		t.Errorf("it was given up after %v, want about three days", now.Sub(at))
	}
	all, err := c.Emails(t.Context())
	if err != nil || len(all) != 1 || !all[0].GivenUp() || all[0].Failure != "451 later" {
		t.Errorf("the letter is %+v, %v; want it given up, with its failure", all, err)
	}
}

func TestDueEmails_OmitsSent(t *testing.T) {
	c, at := openForEmails(t)
	if _, err := c.QueueEmail(t.Context(), Email{DedupKey: "x", Recipient: "ada@example.org", At: at}); err != nil {
		t.Fatal(err)
	}
	due, _, err := c.DueEmails(t.Context(), at)
	if err != nil || len(due) != 1 {
		t.Fatalf("%d letters are due, %v; want 1", len(due), err)
	}
	if err := c.MarkEmailSent(t.Context(), due[0].ID, at); err != nil {
		t.Fatal(err)
	}
	if due, next, err := c.DueEmails(t.Context(), at.Add(time.Hour)); err != nil || len(due) > 0 || !next.IsZero() {
		t.Errorf("due are %v, next at %v, %v; want none", due, next, err)
	}
}

func openForEmails(t *testing.T) (*Catalog, time.Time) {
	t.Helper()
	c, err := Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c, time.UnixMilli(1_784_000_000_000)
}
