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

// Sender delivers emails.
type Sender interface {
	Send(ctx context.Context, l catalog.Email) error
}

// PrintSender prints emails with their links in place of sending them: for a server on a
// laptop without a mail server, where only the operator sees the terminal.
type PrintSender struct{ Out io.Writer }

// Send prints the email to p.Out, with its recipient and subject.
func (p PrintSender) Send(_ context.Context, l catalog.Email) error {
	_, err := fmt.Fprintf(p.Out, "\nEmail (not sent, as no mail server is configured):\n\n  To: %s\n  Subject: %s\n\n  %s\n", l.Recipient, l.Subject, strings.ReplaceAll(strings.TrimSpace(l.Body), "\n", "\n  "))
	return err
}

// SMTP sends emails through a mail server.
type SMTP struct {
	host    string
	options []gomail.Option
	from    *mail.Address
	replies *mail.Address
}

// NewSMTP returns a sender for an address such as smtp://USER:PASSWORD@HOST:587 or smtps://…. With
// smtp, the connection must switch to TLS (STARTTLS) unless the host is this machine; with smtps,
// it uses TLS from the start. from is the sender's address; replies, if not "", is where answers
// go. Errors are [inputerr.Error]s and do not contain the password.
func NewSMTP(address, from, replies string) (*SMTP, error) {
	const file = "the mail server address"
	u, err := url.Parse(address)
	if err != nil { // err would contain the password
		return nil, inputerr.New(file, "is not a URL").Hint("Use smtp://USER:PASSWORD@HOST:587, with %%40 for an @ in the password")
	}
	if u.Scheme != "smtp" && u.Scheme != "smtps" || u.Hostname() == "" || u.RawQuery != "" || u.Path != "" && u.Path != "/" {
		return nil, inputerr.New(file, "is not smtp://HOST or smtps://HOST").Hint("Use smtp://USER:PASSWORD@HOST:587")
	}
	s := &SMTP{host: u.Hostname()}
	if s.from, err = mail.ParseAddress(from); err != nil {
		return nil, inputerr.New("the sender address", "%q is not an email address", from)
	}
	s.replies = s.from
	if replies != "" {
		if s.replies, err = mail.ParseAddress(replies); err != nil {
			return nil, inputerr.New("the reply-to address", "%q is not an email address", replies)
		}
	}
	return s, s.configure(u)
}

func (s *SMTP) configure(u *url.URL) error {
	port := map[string]int{"smtp": 587, "smtps": 465}[u.Scheme]
	if p := u.Port(); p != "" {
		port, _ = strconv.Atoi(p) // url.Parse has checked that it is digits
	}
	if port < 1 || port > 65535 {
		return inputerr.New("the mail server address", "has the invalid port %s", u.Port())
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

// Send sends the email as plain text through the mail server. An email that is sent again has the
// same Message-ID, so that mailboxes can drop the duplicate.
func (s *SMTP) Send(ctx context.Context, l catalog.Email) error {
	m := gomail.NewMsg()
	if err := errors.Join(m.From(s.from.String()), m.ReplyTo(s.replies.String()), m.To(l.Recipient)); err != nil {
		return fmt.Errorf("set the addresses of an email: %w", err)
	}
	id := sha256.Sum256([]byte(l.DedupKey))
	m.SetMessageIDWithValue(hex.EncodeToString(id[:16]) + "@" + addressDomain(s.from.Address))
	m.SetDateWithValue(l.At)
	m.Subject(OneLine(l.Subject))
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: prevents out-of-office replies
	m.SetBodyString(gomail.TypeTextPlain, l.Body)
	c, err := gomail.NewClient(s.host, s.options...)
	if err != nil {
		return fmt.Errorf("set up the mail client: %w", err)
	}
	if err := c.DialAndSendWithContext(ctx, m); err != nil {
		return fmt.Errorf("send through %s: %w", s.host, err)
	}
	return nil
}

func addressDomain(address string) string {
	return address[strings.LastIndexByte(address, '@')+1:]
}

// Dispatcher sends the emails in the catalog when they are due, one at a time. An email may
// be sent twice if the process dies before it is recorded as sent.
type Dispatcher struct {
	Catalog *catalog.Catalog
	Sender  Sender
	Wake    <-chan struct{} // receives when there are new emails
	Log     *slog.Logger
}

// Run sends emails when they are due until ctx ends, which is no error. If the catalog fails, it
// tries again after a minute.
func (p Dispatcher) Run(ctx context.Context) error {
	for {
		next, err := p.sendDue(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			p.Log.ErrorContext(ctx, "emails are delayed", "err", err)
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

// sendDue sends all emails that are due, and returns when the next one is due, or zero if there is
// none. A failure to send is recorded, so that the email is sent later.
func (p Dispatcher) sendDue(ctx context.Context) (next time.Time, err error) {
	due, _, err := p.Catalog.DueEmails(ctx, time.Now())
	if err != nil {
		return next, err
	}
	for _, l := range due {
		sendErr := p.Sender.Send(ctx, l)
		if sendErr != nil && ctx.Err() != nil {
			return next, nil // ctx ended; the email is sent next time
		}
		if sendErr == nil {
			err = p.Catalog.MarkEmailSent(context.WithoutCancel(ctx), l.ID, time.Now())
		} else {
			p.Log.WarnContext(ctx, "an email was not sent", "to", l.Recipient, "cause", l.DedupKey, "err", sendErr)
			err = p.Catalog.MarkEmailFailed(ctx, l, time.Now(), sendErr.Error(), false)
		}
		if err != nil {
			return next, err
		}
	}
	_, next, err = p.Catalog.DueEmails(ctx, time.Time{})
	return next, err
}
