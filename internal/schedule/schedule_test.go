package schedule

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"github.com/lectern-av/lectern/internal/inputerr"
)

// scheduleXML returns a schedule.xml with one room on one day in Madrid.
func scheduleXML(events ...string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><schedule><conference><title>Loops</title><time_zone_name>Europe/Madrid</time_zone_name>` +
		`<url>https://loops.example.org</url></conference><day index="1" date="2026-05-09"><room name="Main Hall">` + strings.Join(events, "\n") + `</room></day></schedule>`
}

// eventXML returns an <event> for [scheduleXML].
func eventXML(guid, content string) string {
	return `<event guid="` + guid + `">` + content + `</event>`
}

// describe formats a talk for the tests.
func describe(e Event) string {
	t, s := e.Talk, e.Scheduling
	start := ""
	if !s.Start.IsZero() {
		start = s.Start.Format("2006-01-02T15:04Z07:00")
	}
	said := fmt.Sprintf("%s | %s | %s | %s | %s | %s | %s", t.Title, t.Kind, t.Language, strings.Join(t.Speakers, ", "), s.Room, start, t.Length)
	if s.DoNotRecord {
		said += " | not to be recorded"
	}
	return said
}

func TestRead(t *testing.T) {
	for _, c := range []struct {
		name, file string
		want       []string // talks
		notes      []string
	}{
		{"schedule.xml as frab writes it", scheduleXML(`<event guid="g1" id="7"><date>2026-05-09T10:00:00+02:00</date><start>10:00</start><duration>00:30</duration><room>Main Hall</room>
			<title>APIs</title><type>lecture</type><language>en</language><persons><person id="1">Inés</person><person id="2">Rosa</person></persons></event>`),
			[]string{"APIs | talk | en | Inés, Rosa | Main Hall | 2026-05-09T10:00+02:00 | 30m0s"}, nil},
		{"schedule.json as frab writes it", `{"schedule":{"conference":{"title":"Loops","time_zone_name":"Europe/Madrid","days":[{"date":"2026-05-09","rooms":{"Main Hall":[
			{"guid":"g1","id":7,"date":"2026-05-09T10:00:00+02:00","start":"10:00","duration":"00:30","title":"APIs","type":"lecture","language":"en","persons":[{"id":1,"public_name":"Inés"}]}]}}]}}}`,
			[]string{"APIs | talk | en | Inés | Main Hall | 2026-05-09T10:00+02:00 | 30m0s"}, nil},
		{"pretalx's list of talks", `{"results":[
			{"code":"ABC","title":"APIs","submission_type":{"en":"Workshop"},"state":"confirmed","duration":30,"content_locale":"de","speakers":[{"code":"X","name":"Inés"}],
			 "slot":{"start":"2026-05-09T10:00:00+02:00","end":"2026-05-09T10:30:00+02:00","room":{"en":"Main Hall"}}},
			{"code":"DEF","title":"Not this year","state":"rejected"}]}`,
			[]string{"APIs | tutorial | de | Inés | Main Hall | 2026-05-09T10:00+02:00 | 30m0s"}, []string{"“Not this year” was skipped: it is rejected"}},
		{"a bare list, whose length is that of the slot", `[{"code":"ABC","title":"APIs","speakers":["Inés"],"slot":{"start":"2026-05-09T10:00:00Z","end":"2026-05-09T10:45:00Z","room":"B"}}]`,
			[]string{"APIs | talk |  | Inés | B | 2026-05-09T10:00Z | 45m0s"}, nil},
		{"latin-1 that says so", latin1(strings.Replace(scheduleXML(eventXML("g", `<title>Años y señales</title>`)), "UTF-8", "ISO-8859-1", 1)),
			[]string{"Años y señales | talk |  |  | Main Hall | 2026-05-09T00:00+02:00 | 0s"}, nil},
		{"a byte order mark", "\xef\xbb\xbf" + scheduleXML(eventXML("g", `<title>APIs</title>`)), []string{"APIs | talk |  |  | Main Hall | 2026-05-09T00:00+02:00 | 0s"}, nil},
		{"a byte order mark before JSON", "\xef\xbb\xbf" + `[{"code":"A","title":"APIs"}]`, []string{"APIs | talk |  |  |  |  | 0s"}, nil},
		{"a start without a zone is in the conference's", scheduleXML(eventXML("g", `<title>APIs</title><date>2026-12-09T10:00:00</date>`)),
			[]string{"APIs | talk |  |  | Main Hall | 2026-12-09T10:00+01:00 | 0s"}, nil},
		{"a start in another zone is shown in the conference's", scheduleXML(eventXML("g", `<title>APIs</title><date>2026-05-09T08:00:00Z</date>`)),
			[]string{"APIs | talk |  |  | Main Hall | 2026-05-09T10:00+02:00 | 0s"}, nil},
		{"a time of day is on the day's date", scheduleXML(eventXML("g1", `<title>Early</title><start>9:30:00</start>`), eventXML("g2", `<title>Late</title><start>17:05</start>`)),
			[]string{"Early | talk |  |  | Main Hall | 2026-05-09T09:30+02:00 | 0s", "Late | talk |  |  | Main Hall | 2026-05-09T17:05+02:00 | 0s"}, nil},
		{"titles are without HTML", scheduleXML(eventXML("g", `<title><![CDATA[<b>APIs</b> &amp; <script>alert(1)</script>fun]]></title>`)),
			[]string{"APIs & fun | talk |  |  | Main Hall | 2026-05-09T00:00+02:00 | 0s"}, nil},
		{"characters that nobody sees are left out", `[{"code":"A","title":"AP\u0000Is \u202eon\u2069 time\r\n","speakers":["In\u0007\u00e9s"]}]`,
			[]string{"APIs on time | talk |  | Inés |  |  | 0s"}, nil},
		{"who must not be recorded is marked", scheduleXML(eventXML("g", `<title>APIs</title><recording><license/><optout>true</optout></recording>`)),
			[]string{"APIs | talk |  |  | Main Hall | 2026-05-09T00:00+02:00 | 0s | not to be recorded"}, nil},
		{"and in JSON", `[{"code":"A","title":"APIs","do_not_record":true}]`, []string{"APIs | talk |  |  |  |  | 0s | not to be recorded"}, nil},
		{"breaks are left out, and talks about them are not", scheduleXML(eventXML("g1", `<title>Coffee break</title>`),
			eventXML("g2", `<title>Break the build</title><persons><person>Ada</person></persons>`)),
			[]string{"Break the build | talk |  | Ada | Main Hall | 2026-05-09T00:00+02:00 | 0s"}, []string{"“Coffee break” was skipped: it is a break"}},
		{"an event without a title is left out", scheduleXML(eventXML("g1", `<title>  </title>`), eventXML("g2", `<title>APIs</title>`)),
			[]string{"APIs | talk |  |  | Main Hall | 2026-05-09T00:00+02:00 | 0s"}, []string{"an event without a title was skipped (g1)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := Read("schedule", []byte(c.file))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, e := range p.Events {
				got = append(got, describe(e))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("talks:\n got %q\nwant %q", got, c.want)
			}
			if !slices.Equal(p.Notes, c.notes) {
				t.Errorf("notes:\n got %q\nwant %q", p.Notes, c.notes)
			}
		})
	}
}

func TestRead_Refused(t *testing.T) {
	laughs := `<?xml version="1.0"?><!DOCTYPE schedule [<!ENTITY lol "lol"><!ENTITY lols "&lol;&lol;&lol;&lol;">]>`
	for _, c := range []struct{ name, file, says string }{
		{"nothing", "", "is neither XML nor JSON"},
		{"neither XML nor JSON", "BEGIN:VCALENDAR", "is neither XML nor JSON"},
		{"another kind of XML", "<html><body/></html>", "is XML but not a schedule"},
		{"XML that ends too early", "<schedule><day>", "is not valid XML"},
		{"JSON that ends too early", "{\n\"schedule\":", "schedule:2: is not a valid schedule in JSON"},
		{"JSON of another kind", `{"schedule":{"conference":{"days":7}}}`, "is not a valid schedule in JSON"},
		{"entities that blow up", laughs + `<schedule><day><room><event><title>&lols;</title></event></room></day></schedule>`, "is not valid XML"},
		{"entities that read files", `<!DOCTYPE schedule [<!ENTITY x SYSTEM "file:///etc/passwd">]><schedule><event><title>&x;</title></event></schedule>`, "is not valid XML"},
		{"a schedule without days", `<schedule><conference><title>Loops</title></conference></schedule>`, "has no talks"},
		{"JSON without days", `{"schedule":{"conference":{"title":"Loops"}}}`, "has no talks"},
		{"breaks alone", scheduleXML(eventXML("g", "<title>Lunch</title>")), "has no talks"},
		{"two talks with one guid", scheduleXML(eventXML("g", "<title>One</title>"), eventXML("g", "<title>Two</title>")), "two talks have the guid g: “One” and “Two”"},
		{"two talks with one id", `[{"id":1,"title":"One"},{"id":1,"title":"Two"}]`, "two talks have the id 1"},
		{"a negative length", scheduleXML(eventXML("g", "<title>APIs</title><duration>-00:30</duration>")), `the length of “APIs” ("-00:30") is not a duration`},
		{"a start that is no time", scheduleXML(eventXML("g", "<title>APIs</title><date>tomorrow</date>")), `the start of “APIs” ("tomorrow") is not a time`},
		{"a time of day that is none", scheduleXML(eventXML("g", "<title>APIs</title><start>25:61</start>")), "the start of “APIs”"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Read("schedule", []byte(c.file))
			var f *inputerr.Error
			if !errors.As(err, &f) || !strings.Contains(err.Error(), c.says) || f.Remedy == "" {
				t.Errorf("it says %v, want a fault with a remedy that says %q", err, c.says)
			}
		})
	}
	if _, err := Read("schedule", make([]byte, MaxBytes+1)); inputerr.As(err) == nil {
		t.Errorf("a file that is too long gives %v", err)
	}
}

func TestParseLength(t *testing.T) {
	for _, c := range []struct {
		text string
		want time.Duration // negative: it is refused
	}{
		{"", 0}, {"00:30", 30 * time.Minute}, {"0:30", 30 * time.Minute}, {"00:30:00", 30 * time.Minute}, {"1:30", 90 * time.Minute}, {" 90 ", 90 * time.Minute},
		{"00:00:45", 45 * time.Second}, {"-5", -1}, {"-00:30", -1}, {"half an hour", -1}, {"1:2:3:4", -1}, {"99999999999999999999", -1}, {":", -1}, {"1.5", -1},
	} {
		if got, err := parseLength(c.text); (err != nil) != (c.want < 0) || err == nil && got != c.want {
			t.Errorf("%q is %v (%v), want %v", c.text, got, err, c.want)
		}
	}
}

func TestPlainText(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"paragraphs", "<p>One.</p><p>Two <em>and</em> a half.</p>", "One.\n\nTwo and a half."},
		{"lists", "<ul><li>One</li><li>Two</li></ul>", "One\nTwo"},
		{"line breaks", "One<br>two<br/>three", "One\ntwo\nthree"},
		{"scripts and styles", "One<script>alert('</p>')</script><style>p{}</style>.", "One."},
		{"what was escaped is text", "&lt;b&gt; &amp;amp;", "<b> &amp;"},
		{"comparisons stay", "1 < 2 and 3 > 2", "1 < 2 and 3 > 2"},
		{"Windows", "One.\r\n\r\n\r\n\r\nTwo.\r", "One.\n\nTwo."},
		{"what nobody sees", "O\u202ene\x00.\x1b[31m", "One.[31m"},
	} {
		if got := plainText(c.text); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

// The schedule has ten times the talks of the largest conferences.
func TestRead_LargeSchedule(t *testing.T) {
	var all []string
	for i := range 5000 {
		all = append(all, eventXML(fmt.Sprint("guid-", i), fmt.Sprintf(`<title>Talk %d</title><duration>00:30</duration><start>10:00</start><abstract>%s</abstract>`, i, strings.Repeat("<p>Words.</p>", 20))))
	}
	file := []byte(scheduleXML(all...))
	begun := time.Now()
	p, err := Read("schedule.xml", file)
	if err != nil {
		t.Fatal(err)
	}
	known := make([]KnownTalk, 0, len(p.Events))
	for _, c := range Compare(nil, p) {
		known = append(known, KnownTalk{c.Slug, c.After, &c.Imported})
	}
	Compare(known, p)
	took := time.Since(begun)
	t.Logf("%d talks, read and compared twice in %v", len(p.Events), took)
	if len(p.Events) != 5000 || took > 20*time.Second { // it takes about a second; test machines are busy
		t.Errorf("%d talks took %v", len(p.Events), took)
	}
}

func latin1(text string) string {
	b, err := charmap.ISO8859_1.NewEncoder().Bytes([]byte(text))
	if err != nil {
		panic(err)
	}
	return string(b)
}
