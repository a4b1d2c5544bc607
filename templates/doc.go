// Package templates is the message language: one text, Markdown with Liquid variables, becomes Telegram HTML, a mail's HTML and a mail's plain text.
// It does no I/O and never reads the clock.
//
// The order of work keeps what people typed from ever becoming markup:
//
//  1. Liquid is evaluated. Branches choose pieces of the author's Markdown; each {{ value }} leaves one private-use character in it.
//  2. The produced Markdown is parsed and compiled into flat programs, once per combination of branches (they are cached).
//  3. The values are filled into those programs, escaped for the place where they land.
//
// Differences from Liquid and CommonMark, all meant for people who are not programmers: a line that holds only a block tag leaves no empty line behind;
// an empty text is false in a condition; "and" binds tighter than "or"; indented code, setext headings, raw HTML, images and tables do not exist;
// a single newline stays a line break.
package templates
