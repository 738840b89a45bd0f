package web

import (
	"bytes"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"github.com/lectern-av/lectern/docs"
	"github.com/lectern-av/lectern/internal/access"
	"github.com/lectern-av/lectern/internal/service"
)

// roleGuides are the documents that help each role.
var roleGuides = map[access.Role]string{
	access.Organiser:  "organiser",
	access.Volunteer:  "volunteer",
	access.Speaker:    "speaker",
	access.Translator: "translator",
	access.Reviewer:   "translator",
}

// guides are the documents with a translation, in the order of the help pages' menu.
var guides = []string{"organiser", "volunteer", "speaker", "translator"}

func (s *Server) helpRoutes() []route {
	return []route{
		{"GET /help", access.Public, s.helpHome},
		{"GET /help/{document}", access.Public, s.helpPage},
		{"GET /help/img/{locale}/{file}", access.Public, s.helpImage},
	}
}

// Guide returns the path of the guide for the visitor's first role, or "/help" for visitors who
// have not signed in.
func (p page) Guide() string {
	if len(p.Person.Grants) == 0 {
		return "/help"
	}
	return "/help/" + roleGuides[p.Person.Grants[0].Role]
}

// helpDocument is a document of the help pages.
type helpDocument struct {
	Name   string
	Title  string
	Lang   string // of the document, where it is not the page's
	HTML   template.HTML
	Guides []string
}

// helpHome redirects to the guide for the visitor's first role. Visitors who have not signed in get
// the guide for organisers.
func (s *Server) helpHome(v *request) error {
	guide := page{Person: v.person}.Guide()
	if guide == "/help" {
		guide = "/help/" + guides[0]
	}
	return v.redirect(guide)
}

func (s *Server) helpPage(v *request) error {
	d, err := readHelp(v.locale, v.r.PathValue("document"))
	if err != nil {
		return service.ErrNotFound
	}
	return v.render("help.html", d)
}

// readHelp returns the document docs/NAME.md in a locale. If it is not translated, it returns the
// English one with Lang set.
func readHelp(locale, name string) (helpDocument, error) {
	d := helpDocument{Name: name, Guides: guides}
	file := name + ".md"
	if locale != "en" {
		file = path.Join(locale, file)
	}
	source, err := docs.Files.ReadFile(file)
	if err != nil && locale != "en" {
		d.Lang = "en"
		source, err = docs.Files.ReadFile(name + ".md")
	}
	if err != nil {
		return d, err
	}
	heading, _, _ := strings.Cut(string(source), "\n")
	d.Title = strings.TrimPrefix(heading, "# ")
	d.HTML, err = renderMarkdown(source)
	return d, err
}

// renderMarkdown converts one of the program's own documents to HTML. Do not pass it text that
// users wrote, since the result is not escaped again.
func renderMarkdown(source []byte) (template.HTML, error) {
	md := goldmark.New(goldmark.WithExtensions(extension.Table), goldmark.WithParserOptions(
		parser.WithAutoHeadingID(), parser.WithASTTransformers(util.Prioritized(helpLinks{}, 100))))
	var b bytes.Buffer
	err := md.Convert(source, &b)
	return template.HTML(b.String()), err
}

// helpLinks changes links between documents to addresses of help pages, and unwraps links to
// other files of the project, which the server does not have.
type helpLinks struct{}

var (
	documentLink = regexp.MustCompile(`^(?:\.\./)?([\w-]+)\.md(#.*)?$`)
	imageLink    = regexp.MustCompile(`^(?:\.\./)?img/`)
	outsideLink  = regexp.MustCompile(`^(#|https?:)`)
)

// Transform rewrites the links of a document: those to other documents and to images lead to help
// pages, external ones stay, and the others are replaced by their text.
func (helpLinks) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	var links []*ast.Link
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Image:
			n.Destination = imageLink.ReplaceAll(n.Destination, []byte("/help/img/"))
		case *ast.Link:
			links = append(links, n)
		}
		return ast.WalkContinue, nil
	})
	for _, l := range links {
		if outsideLink.Match(l.Destination) {
			continue
		}
		if m := documentLink.FindSubmatch(l.Destination); m != nil {
			l.Destination = slices.Concat([]byte("/help/"), m[1], m[2])
			continue
		}
		replaceByChildren(l)
	}
}

// replaceByChildren removes a node and puts its children in its place.
func replaceByChildren(n ast.Node) {
	parent := n.Parent()
	for c := n.FirstChild(); c != nil; c = n.FirstChild() {
		parent.InsertBefore(parent, n, c)
	}
	parent.RemoveChild(parent, n)
}

// helpImage serves a screenshot of a help page, which browsers may cache for an hour.
func (s *Server) helpImage(v *request) error {
	name := path.Join("img", path.Base(v.r.PathValue("locale")), path.Base(v.r.PathValue("file")))
	if info, err := fs.Stat(docs.Files, name); err != nil || info.IsDir() {
		return service.ErrNotFound
	}
	v.w.Header().Set("Cache-Control", "max-age=3600")
	http.ServeFileFS(v.w, v.r, docs.Files, name)
	return nil
}
