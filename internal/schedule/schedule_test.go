package schedule_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/lectern-av/lectern/internal/fault"
	"github.com/lectern-av/lectern/internal/schedule"
)

// xml is a schedule.xml with some events in one room of one day.
func xml(events string) string {
	return `<?xml version="1.0"?><schedule><conference><title>Conf</title><time_zone_name>Europe/Madrid</time_zone_name></conference>
<day date="2026-05-09"><room name="Hall">` + events + `</room></day></schedule>`
}

func TestReadsEveryForm(t *testing.T) {
	const start = "2026-05-09T10:00:00+02:00"
	for _, c := range []struct{ name, file string }{
		{"frab's XML", xml(`<event guid="g" id="7"><date>` + start + `</date><duration>00:30</duration><title>A &amp; B</title><type>talk</type><language>de</language>
			<abstract>&lt;p&gt;One&lt;/p&gt;&lt;p&gt;Two&lt;/p&gt;</abstract><persons><person id="1">Ada</person></persons></event>`)},
		{"XML with the day and a time of day", xml(`<event guid="g" id="7"><start>10:00</start><duration>0:30</duration><title>A &amp; B</title><language>German</language>
			<abstract>One

Two</abstract><persons><person id="1">Ada</person></persons></event>`)},
		{"frab's JSON", `{"schedule":{"conference":{"title":"Conf","time_zone_name":"Europe/Madrid","days":[{"date":"2026-05-09","rooms":{"Hall":[
			{"guid":"g","id":7,"date":"` + start + `","duration":"00:30","title":"A & B","language":"de","abstract":"One\n\nTwo","persons":[{"id":1,"public_name":"Ada"}]}]}}]}}}`},
		{"pretalx's export", `{"results":[{"guid":"g","code":"7","title":{"en":"A & B"},"content_locale":"de","abstract":"One\r\n\r\nTwo","state":"confirmed",
			"speakers":[{"code":"1","name":"Ada"}],"slot":{"start":"` + start + `","end":"2026-05-09T10:30:00+02:00","room":{"en":"Hall"}}}]}`},
		{"a list of talks, after a mark", "\ufeff[" + `{"guid":"g","id":7,"title":"A & B","language":"de","abstract":"One\n\nTwo","speakers":["Ada"],"duration":30,"room":"Hall","date":"` + start + `"}]`},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := schedule.Read("schedule", []byte(c.file))
			if err != nil || len(p.Events) != 1 {
				t.Fatalf("%d events, %v", len(p.Events), err)
			}
			e := p.Events[0]
			at := time.Date(2026, 5, 9, 8, 0, 0, 0, time.UTC)
			if e.Talk.Title != "A & B" || e.Talk.Language != "de" || e.Talk.Abstract != "One\n\nTwo" || e.Talk.Length != 30*time.Minute || e.Talk.Kind != "talk" ||
				len(e.Talk.Speakers) != 1 || e.Talk.Speakers[0] != "Ada" {
				t.Errorf("the talk is %+v", e.Talk)
			}
			if s := e.Scheduling; s.GUID != "g" || s.Event != "7" || s.Room != "Hall" || !s.Start.Equal(at) {
				t.Errorf("its place is %+v", s)
			}
		})
	}
}

func TestTellsTalksFromWhatIsNone(t *testing.T) {
	for _, c := range []struct {
		name, event string
		kind        string // "": it is no talk
		recorded    bool
	}{
		{"three hours are a tutorial", `<title>T</title><duration>03:00</duration>`, "tutorial", true},
		{"a workshop is a tutorial", `<title>T</title><type>Workshop</type><duration>1:00</duration>`, "tutorial", true},
		{"a break is none", `<title>Coffee break</title>`, "", true},
		{"a talk about breaks is one", `<title>Breaking the break</title><persons><person>Ada</person></persons>`, "talk", true},
		{"without a title is none", `<title></title>`, "", true},
		{"one that opts out is not recorded", `<title>T</title><recording><optout>true</optout></recording>`, "talk", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := schedule.Read("s.xml", []byte(xml(`<event id="1">`+c.event+`</event><event id="2"><title>Another</title></event>`)))
			if err != nil {
				t.Fatal(err)
			}
			if c.kind == "" {
				if len(p.Events) != 1 || len(p.Notes) != 1 {
					t.Errorf("%d events, notes %q", len(p.Events), p.Notes)
				}
				return
			}
			if e := p.Events[0]; e.Talk.Kind != c.kind || e.Scheduling.DoNotRecord == c.recorded {
				t.Errorf("it is %+v", e)
			}
		})
	}
}

func TestRefusesWhatItCannotRead(t *testing.T) {
	const bomb = `<?xml version="1.0"?><!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><schedule><day><room><event id="1"><title>&b;</title></event></room></day></schedule>`
	for _, c := range []struct{ name, file, says string }{
		{"nothing", "", "neither XML nor JSON"},
		{"a picture", "\x89PNG\r\n", "neither XML nor JSON"},
		{"a page", "<html><body>Not found</body></html>", "no schedule"},
		{"half a file", xml("")[:120], "cannot"},
		{"entities of its own", bomb, "no XML that can be read"},
		{"no talks", xml(""), "no talk in it"},
		{"JSON that ends", `{"schedule": {`, "no JSON"},
		{"a guid twice", xml(`<event guid="g"><title>A</title></event><event guid="g"><title>B</title></event>`), "“A” and “B”"},
		{"a length that is none", xml(`<event id="1"><title>A</title><duration>-1:30</duration></event>`), "-1:30"},
		{"a start that is none", xml(`<event id="1"><title>A</title><date>tomorrow</date></event>`), "tomorrow"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := schedule.Read("s", []byte(c.file))
			f := fault.Of(err)
			if f == nil || f.Remedy == "" {
				t.Fatalf("got %v, and no way out", err)
			}
			if c.name != "half a file" && !strings.Contains(f.Problem, c.says) {
				t.Errorf("says %q, want %q in it", f.Problem, c.says)
			}
		})
	}
}

func TestReadsLatinLetters(t *testing.T) {
	p, err := schedule.Read("s.xml", []byte("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><schedule><day><room><event id=\"1\"><title>Dise\xf1o</title></event></room></day></schedule>"))
	if err != nil || p.Events[0].Talk.Title != "Diseño" {
		t.Errorf("%v, %v", p.Events, err)
	}
}

func TestNoMarkupComesIn(t *testing.T) {
	p, err := schedule.Read("s.xml", []byte(xml(`<event id="1"><title>&lt;script&gt;alert(1)&lt;/script&gt;Title</title><abstract>&lt;img src=x onerror=alert(1)&gt;Text</abstract></event>`)))
	if err != nil || p.Events[0].Talk.Title != "Title" || p.Events[0].Talk.Abstract != "Text" {
		t.Errorf("%+v, %v", p.Events, err)
	}
}

func TestReadsThousandsAtOnce(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&b, `<event guid="g%d" id="%d"><title>Talk %d</title><duration>00:30</duration><persons><person id="%d">Ada %d</person></persons></event>`, i, i, i, i, i)
	}
	began := time.Now()
	p, err := schedule.Read("s.xml", []byte(xml(b.String())))
	if err != nil || len(p.Events) != 5000 {
		t.Fatalf("%d events, %v", len(p.Events), err)
	}
	schedule.Compare(nil, p)
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestReadsTheSample(t *testing.T) {
	b, err := os.ReadFile("../../testdata/schedule.xml")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := schedule.Read("schedule.xml", b); err != nil || len(p.Events) != 7 {
		t.Errorf("%d events, %v", len(p.Events), err)
	}
}
