package mail

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/inputerr"
)

// Sender hands a letter to who carries it.
type Sender interface {
	Send(ctx context.Context, l catalog.Email) error
}

// PrintSender writes letters out instead of sending them: the whole of them, links included. That is
// on purpose, for the laptop without a mail server, whose terminal nobody else reads.
type PrintSender struct{ Out io.Writer }

// Send implements Sender.
func (p PrintSender) Send(_ context.Context, l catalog.Email) error {
	_, err := fmt.Fprintf(p.Out, "\nA letter, printed since no mail server is set:\n\n  To: %s\n  Subject: %s\n\n  %s\n", l.Recipient, l.Subject, strings.ReplaceAll(strings.TrimSpace(l.Body), "\n", "\n  "))
	return err
}

// SMTP sends letters by a mail server.
type SMTP struct {
	host    string
	options []gomail.Option
	from    *mail.Address
	replies *mail.Address
}

// NewSMTP is the mail server of an address like smtp://USER:PASSWORD@HOST:587 (STARTTLS,
// which only a server on this machine may lack) or smtps://… (TLS from the start), and
// who letters are from and are answered to. What is wrong with them is a inputerr.Fault that
// does not tell the password.
func NewSMTP(address, from, replies string) (*SMTP, error) {
	const file = "the mail server's address"
	u, err := url.Parse(address)
	if err != nil { // the error has the password in it
		return nil, inputerr.New(file, "is no address").Hint("Write smtp://USER:PASSWORD@HOST:587, with %%40 for an @ in the password")
	}
	if u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || u.RawQuery != "" || u.Path != "" && u.Path != "/" {
		return nil, inputerr.New(file, "is not smtp://HOST or smtps://HOST").Hint("Write smtp://USER:PASSWORD@HOST:587")
	}
	s := &SMTP{host: u.Hostname()}
	if s.from, err = mail.ParseAddress(from); err != nil {
		return nil, inputerr.New("the sender of letters", "is %q, which is no mail address", from)
	}
	s.replies = s.from
	if replies != "" {
		if s.replies, err = mail.ParseAddress(replies); err != nil {
			return nil, inputerr.New("the address for answers", "is %q, which is no mail address", replies)
		}
	}
	return s, s.configure(u)
}

func (s *SMTP) configure(u *url.URL) error {
	port := map[string]int{"smtp": 587, "smtps": 465}[u.Scheme]
	if p := u.Port(); p != "" {
		port, _ = strconv.Atoi(p) // url.Parse has seen that it is digits
	}
	if port < 1 || port > 65535 {
		return inputerr.New("the mail server's address", "has the port %s", u.Port())
	}
	policy := gomail.TLSMandatory
	if s.host == "localhost" || s.host == "127.0.0.1" || s.host == "::1" {
		policy = gomail.TLSOpportunistic
	}
	s.options = []gomail.Option{gomail.WithTLSPolicy(policy), gomail.WithTimeout(30 * time.Second)}
	if u.Scheme == "smtps" {
		s.options = append(s.options, gomail.WithSSL())
	}
	s.options = append(s.options, gomail.WithPort(port))
	if u.User != nil {
		password, _ := u.User.Password()
		s.options = append(s.options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover),
			gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	return nil
}

// Send implements Sender. A letter sent twice has the same Message-ID, by which mailboxes
// know it again.
func (s *SMTP) Send(ctx context.Context, l catalog.Email) error {
	m := gomail.NewMsg()
	if err := errors.Join(m.From(s.from.String()), m.ReplyTo(s.replies.String()), m.To(l.Recipient)); err != nil {
		return fmt.Errorf("address a letter: %w", err)
	}
	id := sha256.Sum256([]byte(l.DedupKey))
	m.SetMessageIDWithValue(hex.EncodeToString(id[:16]) + "@" + addressDomain(s.from.Address))
	m.SetDateWithValue(l.At)
	m.Subject(OneLine(l.Subject))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no holiday notices, please
	m.SetBodyString(gomail.TypeTextPlain, l.Body)
	c, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("set up the mail client: %w", err)
	}
	if err := c.DialAndSendWithContext(ctx, m); err != nil {
		return fmt.Errorf("send by %s: %w", s.host, err)
	}
	return nil
}

func addressDomain(address string) string {
	for n := len(address) - 1; n >= 0; n-- {
		if address[n] == '@' {
			return address[n+1:]
		}
	}
	return address
}

// Dispatcher sends the letters of a catalogue when they are due, one after the other. A
// letter may be sent twice if the process dies between sending it and noting so.
type Dispatcher struct {
	Catalog *catalog.Catalog
	Sender  Sender
	Wake    <-chan struct{} // says that there are new letters
	Log     *slog.Logger
}

// Run sends letters until the context ends.
func (p Dispatcher) Run(ctx context.Context) error {
	for {
		next, err := p.sendDue(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			p.Log.ErrorContext(ctx, "letters wait", "err", err)
			next = time.Now().Add(time.Minute)
		}
		var due <-chan time.Time
		if !next.IsZero() {
			due = time.After(time.Until(next))
		}
		select {
		case <-ctx.Done():
			return nil
		case <-p.Wake:
		case <-due:
		}
	}
}

// sendDue sends what is due, and says when the next letter is; zero if there is none.
func (p Dispatcher) sendDue(ctx context.Context) (next time.Time, err error) {
	due, _, err := p.Catalog.DueEmails(ctx, time.Now())
	if err != nil {
		return next, err
	}
	for _, l := range due {
		sendErr := p.Sender.Send(ctx, l)
		if sendErr != nil && ctx.Err() != nil {
			return next, nil // it is not the letter's failure
		}
		if sendErr == nil {
			err = p.Catalog.MarkEmailSent(context.WithoutCancel(ctx), l.ID, time.Now())
		} else {
			p.Log.WarnContext(ctx, "a letter was not sent", "to", l.Recipient, "cause", l.DedupKey, "err", sendErr)
			err = p.Catalog.MarkEmailFailed(ctx, l, time.Now(), sendErr.Error(), false)
		}
		if err != nil {
			return next, err
		}
	}
	_, next, err = p.Catalog.DueEmails(ctx, time.Time{})
	return next, err
}
