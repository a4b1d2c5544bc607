package sandbox

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
)

// BotState is what a sandbox Bot API knows, to be written down as JSON and gone on with by another one: accounts, chats, files, and the updates that
// nobody has confirmed. Faults, menus and a webhook are not part of it: the bot sets the last two anew when it starts.
type BotState struct {
	NextMessage, NextCallback, NextUpdate int64
	NextFile                              int
	Chats                                 []botChatState
	Files                                 map[string]botFileState // by file_id
	Contents                              map[string][]byte       // of files, by hash: many send the same
	Updates                               []botUpdateState
}

type botUpdateState struct {
	ID     int64
	Update json.RawMessage
}

type botChatState struct {
	User                      BotUser
	Started, Blocked, Deleted bool
	Accepted                  int
	Messages                  []BotMessage
}

type botFileState struct {
	Kind, Path, Name, MIME string
	Size                   int64
	Content                string // its hash; empty: not kept
}

// restoreSkip is left free in every row of numbers when a state is gone on with. What happened after it was written down had numbers too, and the
// service has seen them: it would take a new update with one of them for a repeated one.
const restoreSkip = 1 << 20

// State is what the sandbox knows now.
func (b *BotAPI) State() BotState {
	for i := range b.shards { // all at once, so that no message is in a chat and not among the updates
		b.shards[i].mu.Lock()
		defer b.shards[i].mu.Unlock()
	}
	s := BotState{NextMessage: b.nextMessage.Load()}
	for i := range b.shards {
		for _, c := range b.shards[i].chats {
			one := botChatState{User: c.user, Started: c.started, Blocked: c.blocked, Deleted: c.deleted, Accepted: c.accepted}
			for _, m := range c.messages {
				one.Messages = append(one.Messages, m.copy())
			}
			s.Chats = append(s.Chats, one)
		}
	}
	slices.SortFunc(s.Chats, func(a, b botChatState) int { return cmp.Compare(a.User.ID, b.User.ID) })
	b.callbacks.mu.Lock()
	s.NextCallback = b.callbacks.next
	b.callbacks.mu.Unlock()
	b.queue.mu.Lock()
	s.NextUpdate = b.queue.nextID
	for _, u := range b.queue.updates {
		s.Updates = append(s.Updates, botUpdateState{u.id, u.raw})
	}
	b.queue.mu.Unlock()
	b.files.state(&s)
	return s
}

func (f *botFiles) state(s *BotState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s.NextFile, s.Files, s.Contents = f.next, map[string]botFileState{}, map[string][]byte{}
	for id, file := range f.byID {
		one := botFileState{Kind: file.kind, Path: file.path, Name: file.name, MIME: file.mime, Size: file.size}
		if file.content != nil {
			sum := sha256.Sum256(file.content)
			one.Content = hex.EncodeToString(sum[:])
			s.Contents[one.Content] = file.content
		}
		s.Files[id] = one
	}
}

// Restore goes on with what another sandbox knew; this one must be new.
func (b *BotAPI) Restore(s BotState) {
	for _, one := range s.Chats {
		b.member(one.User, func(c *botChat) {
			c.started, c.blocked, c.deleted, c.accepted, c.messages = one.Started, one.Blocked, one.Deleted, one.Accepted, one.Messages
		})
	}
	b.nextMessage.Store(s.NextMessage + restoreSkip)
	b.callbacks.mu.Lock()
	b.callbacks.next = s.NextCallback + restoreSkip
	b.callbacks.mu.Unlock()
	b.queue.mu.Lock()
	b.queue.nextID = s.NextUpdate + restoreSkip
	for _, u := range s.Updates {
		b.queue.updates = append(b.queue.updates, botUpdate{u.ID, u.Update})
	}
	b.queue.mu.Unlock()
	b.files.restore(&s)
}

func (f *botFiles) restore(s *BotState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next, f.byID = s.NextFile+restoreSkip, map[string]botFile{}
	for id, one := range s.Files {
		f.byID[id] = botFile{kind: one.Kind, path: one.Path, name: one.Name, mime: one.MIME, size: one.Size, content: s.Contents[one.Content]}
	}
}

// MailState is what a mailbox holds, to be written down as JSON and gone on with by another one. It needs MailConfig.KeepBodies.
type MailState struct {
	Mails  map[string][]Mail // by recipient
	Outbox map[string][]Outgoing
}

// State is what the mailbox holds now.
func (b *Mailbox) State() MailState {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := MailState{Mails: map[string][]Mail{}, Outbox: map[string][]Outgoing{}}
	for rcpt, all := range b.mails {
		s.Mails[rcpt] = slices.Clone(all)
	}
	for rcpt, all := range b.outbox {
		s.Outbox[rcpt] = slices.Clone(all)
	}
	return s
}

// Restore goes on with what another mailbox held, in place of what this one holds.
func (b *Mailbox) Restore(s MailState) {
	b.Clear()
	b.mu.Lock()
	defer b.mu.Unlock()
	for rcpt, all := range s.Mails {
		b.mails[rcpt], b.counts[rcpt] = all, len(all)
		for _, m := range all {
			b.journal = append(b.journal, m.Acceptance)
		}
	}
	slices.SortStableFunc(b.journal, func(a, c Acceptance) int { return a.At.Compare(c.At) })
	b.outbox = s.Outbox
	b.notify()
}
