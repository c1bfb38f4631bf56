package ui

import (
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"inkling/app/workspace"
)

// TestCodeInThePanel: a code is in large, a long one fits beside it, and none leaves nothing behind.
func TestCodeInThePanel(t *testing.T) {
	app := test.NewTempApp(t)
	app.Settings().SetTheme(NewTheme())
	p := newTogether()
	if p.codeBox.Visible() {
		t.Error("a code without one")
	}
	until := time.Date(2026, 11, 21, 23, 17, 0, 0, time.UTC)
	p.showCode(workspace.Code{Text: "482 913", Until: until})
	if !p.codeBox.Visible() || p.code.Text != "482 913" || p.codeNote.text.Text != "until 23:17" {
		t.Errorf("the panel shows %q, %q", p.code.Text, p.codeNote.text.Text)
	}
	p.tellCode(guessed(workspace.CodeTried{From: "192.168.1.20", Count: 3}), widget.WarningImportance)
	if !p.codeNews.Visible() || !strings.Contains(p.codeNews.Text, "192.168.1.20") {
		t.Errorf("the panel tells %q", p.codeNews.Text)
	}
	p.showCode(workspace.Code{Text: "abcd efgh jkmn", Until: until})
	if w := p.code.MinSize().Width; w > togetherWidth-20 {
		t.Errorf("a long code is %v wide", w)
	}
	if w := p.codeNote.MinSize().Width; w > togetherWidth-20 {
		t.Errorf("the words below a long code are %v wide", w)
	}
	if !p.codeNews.Visible() {
		t.Error("why there is another code is not told any more")
	}
	p.showCode(workspace.Code{})
	if p.codeBox.Visible() || p.codeNews.Visible() {
		t.Error("a code that is gone is still there")
	}
}

// TestWhoseCode: each host has its button, one without a name that of its address; a click says whose the code is.
func TestWhoseCode(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(NewTheme())
	p := newTogether()
	var chosen workspace.Host
	var code string
	p.onHost = func(c string, h workspace.Host) { code, chosen = c, h }
	p.askHost("482 913", []workspace.Host{{Name: "Ana", Addr: "192.168.1.20"}, {Addr: "192.168.1.21"}})
	buttons := p.hosts.Objects
	if len(buttons) != 2 || buttons[0].(*widget.Button).Text != "Ana" || buttons[1].(*widget.Button).Text != "192.168.1.21" {
		t.Fatalf("buttons %v", buttons)
	}
	test.Tap(buttons[1].(*widget.Button))
	if code != "482 913" || chosen.Addr != "192.168.1.21" {
		t.Errorf("chosen %+v for %q", chosen, code)
	}
	p.askHost("", nil)
	if len(p.hosts.Objects) != 0 {
		t.Error("the question stays")
	}
}
