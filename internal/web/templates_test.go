package web

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"text/template/parse"

	"github.com/lectern-av/lectern/internal/service"
)

// pageData maps each page to the type that it is rendered with.
var pageData = map[string]any{
	"recordings.html":           recordingsPage{},
	"bundle.html":               bundlePage{},
	"enter.html":                service.Link{},
	"entry.html":                scheduleEntryPage{},
	"error.html":                errorPage{},
	"glossary.html":             glossaryPage{},
	"help.html":                 helpDocument{},
	"home.html":                 []startPage{},
	"people.html":               peoplePage{},
	"schedule.html":             schedulePage{},
	"review.html":               translationPage{},
	"review_queue.html":         reviewQueuePage{},
	"speaker.html":              speakerPage{},
	"talk.html":                 talkPage{},
	"talks.html":                talkListPage{},
	"translation.html":          translationPage{},
	"translation_conflict.html": translationUploadPage{},
	"translation_handed.html":   translationUploadPage{},
	"translation_history.html":  historyPage{},
	"translations.html":         translationsPage{},
	"watch.html":                watchPage{},
}

// TestTemplates_FieldsExist walks every template with the types of its data, so that a field
// that was renamed in Go and not in a page fails here and not on a rarely shown branch.
func TestTemplates_FieldsExist(t *testing.T) {
	m, err := loadMessages()
	if err != nil {
		t.Fatal(err)
	}
	pages, err := parseTemplates(m)
	if err != nil {
		t.Fatal(err)
	}
	for name, tmpl := range pages["en"] {
		data, known := pageData[name]
		if !known {
			if name != "base.html" {
				t.Errorf("pageData has no type for %s", name)
			}
			continue
		}
		trees := make(map[string]*parse.Tree)
		for _, defined := range tmpl.Templates() {
			trees[defined.Name()] = defined.Tree
		}
		c := &templateChecker{name: name, data: reflect.TypeOf(data), funcs: m.funcs("en"), trees: trees, done: make(map[templateCall]bool)}
		c.template("base.html", reflect.TypeFor[page]())
		for _, problem := range slices.Compact(c.problems) {
			t.Error(problem)
		}
	}
}

// templateChecker infers the type of every expression of a page; nil stands for a type that is not
// known, in which every field exists.
type templateChecker struct {
	name     string
	data     reflect.Type // of page.Data
	funcs    map[string]any
	trees    map[string]*parse.Tree
	done     map[templateCall]bool
	problems []string
}

type templateCall struct {
	name string
	dot  reflect.Type
}

// templateScope holds the types of dot and of the variables at one place of a template.
type templateScope struct {
	template string
	dot      reflect.Type
	vars     map[string]reflect.Type
}

func (s templateScope) with(dot reflect.Type) templateScope {
	vars := make(map[string]reflect.Type, len(s.vars))
	for name, t := range s.vars {
		vars[name] = t
	}
	return templateScope{s.template, dot, vars}
}

func (c *templateChecker) template(name string, dot reflect.Type) {
	call := templateCall{name, dot}
	if c.done[call] || c.trees[name] == nil {
		return
	}
	c.done[call] = true
	c.nodes(c.trees[name].Root, templateScope{name, dot, map[string]reflect.Type{"$": dot}})
}

func (c *templateChecker) nodes(list *parse.ListNode, s templateScope) {
	if list == nil {
		return
	}
	for _, node := range list.Nodes {
		switch n := node.(type) {
		case *parse.ActionNode:
			c.pipe(n.Pipe, s)
		case *parse.IfNode:
			inner := s.with(s.dot)
			c.pipe(n.Pipe, inner)
			c.nodes(n.List, inner)
			c.nodes(n.ElseList, inner)
		case *parse.WithNode:
			inner := s.with(s.dot)
			value := c.pipe(n.Pipe, inner)
			c.nodes(n.ElseList, inner)
			c.nodes(n.List, inner.with(value))
		case *parse.RangeNode:
			c.rangeNode(n, s)
		case *parse.TemplateNode:
			var dot reflect.Type
			if n.Pipe != nil {
				dot = c.pipe(n.Pipe, s)
			}
			c.template(n.Name, dot)
		}
	}
}

func (c *templateChecker) rangeNode(n *parse.RangeNode, s templateScope) {
	inner := s.with(s.dot)
	declared := n.Pipe.Decl
	n.Pipe.Decl = nil // they hold elements, and not the whole
	value := c.pipe(n.Pipe, inner)
	n.Pipe.Decl = declared
	c.nodes(n.ElseList, inner)
	var key, element reflect.Type
	if value != nil {
		switch value.Kind() {
		case reflect.Slice, reflect.Array:
			key, element = reflect.TypeFor[int](), value.Elem()
		case reflect.Map:
			key, element = value.Key(), value.Elem()
		case reflect.Int:
			element = value
		}
	}
	body := inner.with(element)
	switch len(declared) {
	case 1:
		body.vars[declared[0].Ident[0]] = element
	case 2:
		body.vars[declared[0].Ident[0]], body.vars[declared[1].Ident[0]] = key, element
	}
	c.nodes(n.List, body)
}

// pipe returns the type of a pipeline, and declares its variables in s.
func (c *templateChecker) pipe(p *parse.PipeNode, s templateScope) (value reflect.Type) {
	for _, cmd := range p.Cmds {
		value = c.command(cmd, s)
	}
	for _, v := range p.Decl {
		s.vars[v.Ident[0]] = value
	}
	return value
}

func (c *templateChecker) command(cmd *parse.CommandNode, s templateScope) (value reflect.Type) {
	var args []reflect.Type
	for _, arg := range cmd.Args {
		args = append(args, c.argument(arg, s))
	}
	if name, ok := cmd.Args[0].(*parse.IdentifierNode); ok {
		if f := c.funcs[name.Ident]; f != nil {
			return reflect.TypeOf(f).Out(0)
		}
		if name.Ident == "index" && len(args) > 1 && args[1] != nil {
			if kind := args[1].Kind(); kind == reflect.Slice || kind == reflect.Map || kind == reflect.Array {
				return args[1].Elem()
			}
		}
		return nil
	}
	return args[0]
}

func (c *templateChecker) argument(node parse.Node, s templateScope) reflect.Type {
	switch n := node.(type) {
	case *parse.DotNode:
		return s.dot
	case *parse.FieldNode:
		return c.fields(s, s.dot, n.Ident, n)
	case *parse.VariableNode:
		return c.fields(s, s.vars[n.Ident[0]], n.Ident[1:], n)
	case *parse.ChainNode:
		return c.fields(s, c.argument(n.Node, s), n.Field, n)
	case *parse.PipeNode:
		return c.pipe(n, s)
	case *parse.StringNode:
		return reflect.TypeFor[string]()
	}
	return nil
}

// fields follows a chain of fields, methods and keys of maps.
func (c *templateChecker) fields(s templateScope, t reflect.Type, names []string, node parse.Node) reflect.Type {
	for _, name := range names {
		if t == nil {
			return nil
		}
		next, ok := c.field(t, name)
		if !ok {
			c.problems = append(c.problems, fmt.Sprintf("%s: template %q: {{%s}}: %s has no %s", c.name, s.template, node, t, name))
			return nil
		}
		t = next
	}
	return t
}

func (c *templateChecker) field(t reflect.Type, name string) (reflect.Type, bool) {
	if t == reflect.TypeFor[page]() && name == "Data" {
		return c.data, true
	}
	methods := t
	if t.Kind() != reflect.Pointer && t.Kind() != reflect.Interface {
		methods = reflect.PointerTo(t)
	}
	if m, ok := methods.MethodByName(name); ok {
		return m.Type.Out(0), true
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct:
		f, ok := t.FieldByName(name)
		return f.Type, ok
	case reflect.Map:
		return t.Elem(), true
	case reflect.Interface:
		return nil, true
	}
	return nil, false
}
