// Package uitest drives the built program in real windows, from outside, as a
// person would: by keys, by the mouse, and by looking.
//
// # Idea
//
// A test tells a story about people. Each [person] sits at a [machine] (a network
// namespace with its own cable into a [network]) in front of a [display] (an X
// server of its own, Xvfb), so that two people can really type at the same time.
// What a person wrote is read back by the program's own sub-commands; what a person
// sees is read from the pixels. Nothing of the program is imported.
//
//	lan := newNetwork(t)
//	ana := newPerson(t, "Ana", lan.machine())
//	ana.start()
//	ana.types("Hello")
//	ana.waitForText("Hello")
//
// # Words
//
//	display    an X server; has one keyboard, one mouse, one clipboard
//	machine    a network namespace: a computer, as far as a network can tell
//	cable      the pair of virtual Ethernet ends between a machine and the switch
//	person     a home folder, a library, a display and a machine; starts Inkling
//	patch      a rectangle of one colour on the screen: how a button is found
//	ink        pixels in the colour of written text: how a drawn letter is found
//	artefact   a file kept for people to look at
//
// # Surroundings
//
// It needs Linux, Xvfb (package xvfb), ip (iproute2), nsenter (util-linux), and the
// right to make network namespaces: root's, or that of user namespaces. What is
// missing fails the test and is named; nothing is skipped. The programs get no
// session bus, no window manager and no network but the machines'.
//
//	INKLING_BIN        the program to test; without it one is built, once
//	INKLING_ARTEFACTS  the folder for screenshots and logs; else one under os.TempDir
//
// # What it does not do
//
// It does not judge how fast the program is: measured times are printed, and only
// the waits that the program promises to people are limits. It does not test rules
// of merging or of protocols; the packages do that without windows.
package uitest
