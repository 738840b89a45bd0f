package catalog

import (
	"context"
	"database/sql"
	"fmt"
	"time"
)

// Email is a mail that is to be sent, or was.
type Email struct {
	ID        int64
	DedupKey  string    // what the email is about: only one email is queued for each
	Recipient string    // an address
	Subject   string    //
	Body      string    // plain text
	At        time.Time // when it was written
	DueAt     time.Time // next attempt
	Sent      time.Time // zero: not yet
	Attempts  int       // that failed
	Failure   string    // of the last attempt, in words; "": none
}

// GivenUp reports whether the email could not be sent and is not tried again.
func (l Email) GivenUp() bool {
	return l.Sent.IsZero() && l.Failure != "" && !l.DueAt.Before(neverDue)
}

// neverDue is when an email that was given up is due.
var neverDue = time.UnixMilli(1 << 52)

// giveUpAfter is how long after it was written an email is tried.
const giveUpAfter = 72 * time.Hour

// retryDelays are the delays after failed attempts, by the number of attempts; the last is for
// all that follow.
var retryDelays = [...]time.Duration{time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour}

// QueueEmail saves an email to be sent at DueAt, or at At if DueAt is zero. There is only one for
// each DedupKey: if there is one already, nothing is saved and fresh is false.
func (c *Catalog) QueueEmail(ctx context.Context, l Email) (fresh bool, err error) {
	if l.DueAt.IsZero() {
		l.DueAt = l.At
	}
	err = c.tx(ctx, func(tx *sql.Tx) error {
		done, err := tx.ExecContext(ctx, `INSERT INTO letters (cause, receiver, subject, body, at_ms, due_ms, attempts, failure)
			VALUES (?, ?, ?, ?, ?, ?, 0, '') ON CONFLICT (cause) DO NOTHING`,
			l.DedupKey, l.Recipient, l.Subject, l.Body, l.At.UnixMilli(), l.DueAt.UnixMilli())
		if err != nil {
			return err
		}
		n, err := done.RowsAffected()
		fresh = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("queue an email about %s: %w", l.DedupKey, err)
	}
	return fresh, nil
}

// DueEmails returns the emails that are to be sent now, the longest due first. next is when the
// next of the others is due, or zero if there is none. Emails that were given up are left out.
func (c *Catalog) DueEmails(ctx context.Context, now time.Time) (due []Email, next time.Time, err error) {
	waiting, err := c.queryEmails(ctx, "sent_ms IS NULL AND due_ms < ? ORDER BY due_ms, id", neverDue.UnixMilli())
	if err != nil {
		return nil, time.Time{}, err
	}
	for n, l := range waiting {
		if l.DueAt.After(now) {
			return waiting[:n], l.DueAt, nil
		}
	}
	return waiting, time.Time{}, nil
}

// Emails returns all emails that were ever queued, newest first.
func (c *Catalog) Emails(ctx context.Context) ([]Email, error) {
	return c.queryEmails(ctx, "true ORDER BY id DESC")
}

func (c *Catalog) queryEmails(ctx context.Context, which string, args ...any) (all []Email, err error) {
	err = eachRow(ctx, c.read, func(rows *sql.Rows) error {
		var l Email
		err := rows.Scan(&l.ID, &l.DedupKey, &l.Recipient, &l.Subject, &l.Body, timeColumn{&l.At}, timeColumn{&l.DueAt}, timeColumn{&l.Sent}, &l.Attempts, &l.Failure)
		all = append(all, l)
		return err
	}, `SELECT id, cause, receiver, subject, body, at_ms, due_ms, sent_ms, attempts, failure FROM letters WHERE `+which, args...)
	if err != nil {
		return nil, fmt.Errorf("list emails: %w", err)
	}
	return all, nil
}

// MarkEmailSent records that the mail server accepted an email.
func (c *Catalog) MarkEmailSent(ctx context.Context, id int64, now time.Time) error {
	return c.updateEmail(ctx, `UPDATE letters SET sent_ms = ?, failure = '' WHERE id = ?`, now.UnixMilli(), id)
}

// MarkEmailFailed records why an email could not be sent, and when to try again: after 1, 5 and 30
// minutes, then every 2 hours. The email is given up if forGood is set, or if the next attempt
// would be more than 3 days after it was written.
func (c *Catalog) MarkEmailFailed(ctx context.Context, l Email, now time.Time, failure string, forGood bool) error {
	due := now.Add(retryDelays[min(l.Attempts, len(retryDelays)-1)])
	if forGood || due.Sub(l.At) > giveUpAfter {
		due = neverDue
	}
	return c.updateEmail(ctx, `UPDATE letters SET attempts = attempts + 1, failure = ?, due_ms = ? WHERE id = ? AND sent_ms IS NULL`,
		failure, due.UnixMilli(), l.ID)
}

func (c *Catalog) updateEmail(ctx context.Context, statement string, args ...any) error {
	err := c.tx(ctx, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, statement, args...)
		return err
	})
	if err != nil {
		return fmt.Errorf("update an email: %w", err)
	}
	return nil
}
