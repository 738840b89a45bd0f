package mail_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/catalog"
	"github.com/lectern-av/lectern/internal/inputerr"
	"github.com/lectern-av/lectern/internal/mail"
)

var kinds = []mail.Kind{mail.TalkReady, mail.TranslationOutdated, mail.ReviewRequested, mail.TalkReleased, mail.TranslationReturned, mail.ProblemReported, mail.Invitation}

func TestCompose_EnglishAndSpanish(t *testing.T) {
	link := "https://lectern.example.org/in/" + strings.Repeat("x", 90)
	for _, kind := range kinds {
		bodies := map[string]string{}
		for _, language := range []string{"en", "es"} {
			_, body, err := mail.Compose(kind, language, mail.Content{
				Name: "Ada", Title: "Bézier curves", Link: link, TargetLanguage: "es", Cues: 3, Author: "Ada", Comment: "louder", Expires: time.Unix(1_784_000_000, 0),
			})
			if err != nil {
				t.Fatal(err)
			}
			bodies[language] = body
			if !strings.Contains(body, "\n"+link+"\n") || !strings.Contains(body, "Bézier curves") {
				t.Errorf("%s in %s lacks its link or title:\n%s", kind, language, body)
			}
			for line := range strings.Lines(body) {
				if len([]rune(line)) > 73 && !strings.HasPrefix(line, "https://") {
					t.Errorf("%s in %s has a long line: %s", kind, language, line)
				}
			}
		}
		if bodies["en"] == bodies["es"] {
			t.Errorf("%s reads the same in both languages", kind)
		}
	}
}

func TestCompose_HostileText(t *testing.T) {
	for _, title := range []string{"a\r\nBcc: all@example.org\r\n\r\nhello", "\u202egnp.exe", strings.Repeat("long ", 2000), "x\x00\u2028y"} {
		subject, body, err := mail.Compose(mail.ProblemReported, "en", mail.Content{Title: title, Author: title, Comment: title})
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(subject, "\r\n\x00\u202e\u2028") || len(subject) > 1000 {
			t.Errorf("the subject is %q", subject)
		}
		if strings.Contains(body, "\nBcc:") || strings.ContainsAny(body, "\r\x00\u202e\u2028") {
			t.Errorf("the text is %q", body)
		}
	}
}

func TestNewSMTP_InvalidAddress(t *testing.T) {
	for _, address := range []string{"", "mail.example.org", "http://u:hunter2@h", "smtp://", "smtp://u:hunter2@h:99999", "smtp://u:hunter2%zz@h", "smtp://u:hunter2@h:x"} {
		_, err := mail.NewSMTP(address, "av@example.org", "")
		var f *inputerr.Error
		if !errors.As(err, &f) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func TestDispatcher_ServerAnswers(t *testing.T) {
	for _, test := range []struct {
		answer, failure string // to a receiver; "" hangs up
	}{
		{"250 ok", ""},
		{"451 come back later", "451"},
		{"550 no such mailbox", "550"},
		{"", "EOF"},
	} {
		t.Run(test.answer, func(t *testing.T) {
			server := startSMTPServer(t, test.answer)
			c, err := catalog.Open(t.Context(), t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			l := catalog.Email{DedupKey: "ready intro", Recipient: "ada@example.org", Subject: "«Señales» \r\nBcc: x@example.org", Body: "Está lista\n", At: time.Now()}
			if _, err := c.QueueEmail(t.Context(), l); err != nil {
				t.Fatal(err)
			}
			sender, err := mail.NewSMTP("smtp://"+server.address, "Jürgen <av@example.org>", "help@example.org")
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			sent := make(chan error)
			done := make(chan error)
			go func() {
				done <- mail.Dispatcher{Catalog: c, Sender: notifyingSender{sender, sent}, Wake: make(chan struct{}), Log: slog.New(slog.DiscardHandler)}.Run(ctx)
			}()
			err = <-sent
			if (err == nil) != (test.failure == "") || err != nil && !strings.Contains(err.Error(), test.failure) {
				t.Errorf("sent with %v, want %q", err, test.failure)
			}
			stop()
			if err := <-done; err != nil {
				t.Error(err)
			}
			if test.failure == "" {
				checkReceived(t, <-server.received)
			}
		})
	}
}

func checkReceived(t *testing.T, raw string) {
	t.Helper()
	m, err := netmail.ReadMessage(strings.NewReader(raw))
	if err != nil {
		t.Fatalf("%v:\n%s", err, raw)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "«Señales» Bcc: x@example.org" || m.Header.Get("Bcc") != "" {
		t.Errorf("the subject is %q, %v", subject, err)
	}
	if from, err := m.Header.AddressList("From"); err != nil || from[0].Name != "Jürgen" {
		t.Errorf("it is from %v, %v", from, err)
	}
	for _, name := range []string{"Message-Id", "Date", "Auto-Submitted", "Reply-To"} {
		if m.Header.Get(name) == "" {
			t.Errorf("it has no %s", name)
		}
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil || strings.TrimSpace(string(body)) != "Está lista" {
		t.Errorf("the text is %q, %v", body, err)
	}
}

// notifyingSender reports the result of each sending.
type notifyingSender struct {
	mail.Sender
	results chan<- error
}

func (s notifyingSender) Send(ctx context.Context, l catalog.Email) error {
	err := s.Sender.Send(ctx, l)
	s.results <- err
	return err
}

// smtpServer is a mail server that gives the same answer for every recipient.
type smtpServer struct {
	address  string
	received chan string
}

func startSMTPServer(t *testing.T, answer string) smtpServer {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	s := smtpServer{l.Addr().String(), make(chan string, 1)}
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			s.handle(conn, answer)
		}
	}()
	return s
}

func (s smtpServer) handle(conn net.Conn, answer string) {
	defer conn.Close()
	say := func(line string) { io.WriteString(conn, line+"\r\n") }
	say("220 test")
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		switch command := strings.ToUpper(line); {
		case strings.HasPrefix(command, "RCPT"):
			if answer == "" {
				return
			}
			say(answer)
		case strings.HasPrefix(command, "DATA"):
			say("354 go on")
			var letter strings.Builder
			for {
				line, err := in.ReadString('\n')
				if err != nil {
					return
				}
				if line == ".\r\n" {
					break
				}
				letter.WriteString(line)
			}
			s.received <- letter.String()
			say("250 taken")
		case strings.HasPrefix(command, "QUIT"):
			say("221 bye")
			return
		default:
			say("250 ok")
		}
	}
}
