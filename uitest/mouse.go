//go:build linux

package uitest

import (
	"image"
	"time"
)

// Buttons of the mouse; turning the wheel is a button too.
const (
	leftButton  = 1
	rightButton = 3
	wheelUp     = 4
	wheelDown   = 5
)

// Steps of a drag: a hand does not jump.
const (
	dragSteps = 12
	dragPause = 8 * time.Millisecond
)

func (d *display) point(p image.Point) { d.fake(motion, 0, p.X, p.Y) }

// click presses the left button at p.
func (d *display) click(p image.Point) {
	d.point(p)
	d.press(leftButton)
}

// clickRight presses the right button at p.
func (d *display) clickRight(p image.Point) {
	d.point(p)
	d.press(rightButton)
}

func (d *display) press(button byte) {
	d.fake(buttonPress, button, 0, 0)
	d.fake(buttonRelease, button, 0, 0)
	time.Sleep(pace)
}

// drag moves from one point to another with the left button held.
func (d *display) drag(from, to image.Point) {
	d.point(from)
	d.fake(buttonPress, leftButton, 0, 0)
	for i := 1; i <= dragSteps; i++ {
		d.point(from.Add(to.Sub(from).Mul(i).Div(dragSteps)))
		time.Sleep(dragPause)
	}
	d.fake(buttonRelease, leftButton, 0, 0)
	time.Sleep(pace)
}

// wheel turns the wheel at p by notches, down when positive.
func (d *display) wheel(p image.Point, notches int) {
	d.point(p)
	button := byte(wheelDown)
	if notches < 0 {
		button, notches = wheelUp, -notches
	}
	for range notches {
		d.press(button)
	}
}
