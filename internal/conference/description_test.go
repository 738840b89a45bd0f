package conference

import "testing"

func TestFillDescription(t *testing.T) {
	known := map[string]string{"abstract": "First.\n\nSecond.", "conference": "Loops", "date": "2026-05-09", "url": "https://loops.example.org/1"}
	for _, c := range []struct{ name, template, want string }{
		{"what people get without a template", DefaultDescription, "First.\n\nSecond.\n\nLoops, 2026-05-09\nhttps://loops.example.org/1"},
		{"a line whose words stand for nothing goes", "{title}\nBy {speakers}\n{conference}", "Loops"},
		{"so does the second of two words, with what joins them", "{conference} · {licence}", "Loops"},
		{"and the first", "{licence} · {conference}", "Loops"},
		{"and one in the middle", "{conference}, {licence}, {date}!", "Loops, 2026-05-09!"},
		{"lines without words stay", "Hello\n\n{tags}\n\nGoodbye", "Hello\n\nGoodbye"},
		{"braces that are no words stay", "{ok?} {} {conference}", "{ok?} {} Loops"},
	} {
		if got := FillDescription(c.template, known); got != c.want {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}
