-- Library schema, version 1. README.md beside this file explains it to a stranger.
-- All times are milliseconds since the Unix epoch. They are shown to people and
-- decide nothing. Keys are raw bytes.

-- A document this library knows. The row stays when the document goes to the bin, and when
-- it is destroyed, so that it is neither offered to others nor taken from them again.
CREATE TABLE doc (
  id      INTEGER PRIMARY KEY,                           -- short number used inside this file only
  name    BLOB    NOT NULL UNIQUE CHECK (length(name) = 32),    -- crdt.DocID: SHA-256 of genesis
  genesis BLOB    NOT NULL CHECK (length(genesis) = 49),        -- crdt.Genesis.Bytes
  created INTEGER NOT NULL,
  deleted INTEGER,                                       -- when it went to the bin; NULL: it is not there
  binned  INTEGER,                                       -- the running day on which it did; see state 'days'
  destroyed INTEGER,                                     -- when it was deleted for ever: no other table has rows of it, or not for long
  nonce   BLOB CHECK (length(nonce) = 16),               -- of the crdt.Author that this device writes as; NULL: none drawn
  CHECK ((deleted IS NULL) = (binned IS NULL)),
  CHECK (destroyed IS NULL OR deleted IS NOT NULL AND nonce IS NULL)
) STRICT;

-- The journal: with the block that it may begin with (table block), the only truth about what a document says.
-- Rows are never altered. Each goes on from one that is there or in that block, or begins its chain: what goes on from a row has
-- the row's next_seq as its seq, and the first 8 bytes of the row's hash as its previous. Where two rows
-- go on from one, the chain forked; see table fork.
--
-- id is doc * 2^32 + place, where place counts the document's rows from 1 in apply
-- order. So a document's journal lies together, in order, without a further index.
-- The table is not WITHOUT ROWID with (doc, replica, seq, hash) as its key, which no two rows share: to compare such
-- a key SQLite reads the whole row, so a damaged page in one body would bar the way
-- to its neighbours, and great bodies would make each look-up slow.
CREATE TABLE change (
  id        INTEGER PRIMARY KEY,
  doc       INTEGER NOT NULL REFERENCES doc (id),
  replica   BLOB    NOT NULL CHECK (length(replica) = 16),
  seq       INTEGER NOT NULL,                            -- Seq of the first op
  next_seq  INTEGER NOT NULL CHECK (next_seq > seq),     -- Seq behind the last op
  previous  BLOB CHECK (length(previous) = 8),           -- first bytes of the hash of the change before in its chain; NULL: the chain begins
  hash      BLOB    NOT NULL CHECK (length(hash) = 32),  -- of the change and all that it builds on
  signature BLOB CHECK (length(signature) = 64),         -- the device's over hash; NULL: that of a later change serves
  checksum  BLOB    NOT NULL CHECK (length(checksum) = 8), -- of this row; README.md says how
  codec     INTEGER NOT NULL,                            -- 1: body is crdt.Change.Body
  body      BLOB    NOT NULL,                            -- last, so that the columns before it are read without it
  CHECK ((previous IS NULL) = (seq = 0)),
  CHECK (id >> 32 = doc)
) STRICT;

-- Not UNIQUE with the hash: that would cost a fifth more bytes for each key typed, and the only
-- writer looks before it inserts.
CREATE INDEX change_chain ON change (doc, replica, seq);

-- Many changes in few bytes (crdt/FORMAT-BLOCKS.md): those of a document from its first to that at place upto.
-- A document has at most one block of each kind:
--   1  the base: what the journal begins with. Rows with a place up to upto count as not there and
--      are deleted little by little
--   2  the base to be: it becomes the base when it has been read again and compared with the base and the rows that it
--      covers, none of which is deleted before
--   3  derived, quicker to open: the document of the one of the other two that has the hash "of"
CREATE TABLE block (
  id     INTEGER PRIMARY KEY,
  doc    INTEGER NOT NULL REFERENCES doc (id),
  kind   INTEGER NOT NULL CHECK (kind IN (1, 2, 3)),
  upto   INTEGER NOT NULL CHECK (upto > 0),
  weight INTEGER NOT NULL,                               -- bytes of the bodies of its changes, and 16 for each; says when the next one pays
  length INTEGER NOT NULL,                               -- in bytes
  hash   BLOB    NOT NULL CHECK (length(hash) = 32),     -- SHA-256 of the bytes
  of     BLOB    CHECK (length(of) = 32),
  UNIQUE (doc, kind),
  CHECK ((of IS NULL) = (kind <> 3))
) STRICT;

-- The bytes of a block in parts of 256 KiB; id is block * 2^16 + part, counted from 0.
CREATE TABLE block_part (
  id       INTEGER PRIMARY KEY,
  checksum BLOB NOT NULL CHECK (length(checksum) = 8),   -- of body: the first bytes of its SHA-256
  body     BLOB NOT NULL
) STRICT;

-- Where the chains in a block of kind 1 or 2 end: nothing in the block goes on from there.
CREATE TABLE head (
  block    INTEGER NOT NULL REFERENCES block (id),
  replica  BLOB    NOT NULL CHECK (length(replica) = 16),
  next_seq INTEGER NOT NULL,
  stamp    BLOB    NOT NULL CHECK (length(stamp) = 8),   -- first bytes of the hash of the chain's last change
  PRIMARY KEY (block, replica, next_seq, stamp)
) STRICT, WITHOUT ROWID;

-- Derived from the journal: the chains that forked, so that the others need no look at
-- all their rows. Written in the transaction of the change that forks.
CREATE TABLE fork (
  doc     INTEGER NOT NULL REFERENCES doc (id),
  replica BLOB    NOT NULL CHECK (length(replica) = 16),
  PRIMARY KEY (doc, replica)
) STRICT, WITHOUT ROWID;

-- Derived from the journal: what the list of documents shows at once. Written in the
-- transaction of the changes it follows from; the title is also set when the document is indexed.
CREATE TABLE listing (
  doc      INTEGER PRIMARY KEY REFERENCES doc (id),
  title    TEXT    NOT NULL,
  modified INTEGER NOT NULL                              -- when this library took the last change, or up to a second before
) STRICT;

-- The newest documents, without a look at all. Another page to be written with a commit: that is why modified
-- is set anew only when a second has gone by.
CREATE INDEX listing_modified ON listing (modified);

-- Derived from the journal: the current text of each document, as far as it is indexed, and what the list shows of
-- it. It may lag. Where it does, place is less than that of the document's last change, and it is brought up to date when
-- the document has rested.
CREATE TABLE indexed (
  doc     INTEGER PRIMARY KEY REFERENCES doc (id),
  place   INTEGER NOT NULL,                              -- of the last change that all else here follows from
  title   TEXT    NOT NULL,
  preview TEXT    NOT NULL CHECK (length(preview) <= 160),  -- the first words behind the title
  people  BLOB    NOT NULL CHECK (length(people) % 32 = 0 AND length(people) <= 16 * 32), -- whose words the text has: device keys, in the order of the text
  body    TEXT    NOT NULL                               -- the text, with U+0001 between characters of scripts without spaces; last,
                                                         -- so that the columns before it are read without it
) STRICT;

-- The full-text index over it, written in the same transaction. The words are kept here and the text there: the
-- index alone (content='') would need half the room, but could not show where a word was found. The shadow tables
-- search_* are SQLite's.
CREATE VIRTUAL TABLE search USING fts5 (
  title, body, content='indexed', content_rowid='doc', prefix='1 2', tokenize='unicode61 remove_diacritics 2'
);

-- Files that documents hold: their contents, each kept once however many hold it, and never altered. A row without hash and
-- length is one whose content is still coming in, or is being removed: nobody sees it.
CREATE TABLE attachment (
  id     INTEGER PRIMARY KEY,                            -- short number used inside this file only; may be used again
  hash   BLOB UNIQUE CHECK (length(hash) = 32),          -- SHA-256 of the content
  length INTEGER CHECK (length BETWEEN 0 AND 2147483648), -- of the content, in bytes
  CHECK ((hash IS NULL) = (length IS NULL))
) STRICT;

-- The contents in parts of 256 KiB, the last one shorter; id is attachment * 2^16 + part, counted from 0.
CREATE TABLE attachment_part (
  id       INTEGER PRIMARY KEY,
  checksum BLOB NOT NULL CHECK (length(checksum) = 8),   -- of body: the first bytes of its SHA-256
  body     BLOB NOT NULL                                 -- last, so that the column before it is read without it
) STRICT;

-- Which document holds which files, by which names. Two files of one document may have one name: it comes from two people.
CREATE TABLE attached (
  doc        INTEGER NOT NULL REFERENCES doc (id),
  name       TEXT    NOT NULL,                           -- at most 255 bytes
  attachment INTEGER NOT NULL REFERENCES attachment (id),
  checksum   BLOB    NOT NULL CHECK (length(checksum) = 8), -- of the link; README.md says how
  added      INTEGER NOT NULL,
  detached   INTEGER,                                    -- when the person took it off; NULL: it is attached
  binned     INTEGER,                                    -- the running day on which that was; see state 'days'
  PRIMARY KEY (doc, name, attachment),
  CHECK ((detached IS NULL) = (binned IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX attached_attachment ON attached (attachment);

-- Devices this library's owner trusts.
CREATE TABLE peer (
  key    BLOB PRIMARY KEY CHECK (length(key) = 32),      -- Ed25519 public key of the device
  name   TEXT NOT NULL,
  addrs  TEXT NOT NULL,                                  -- last known addresses, ip:port, separated by spaces
  pinned INTEGER,                                        -- when it was first trusted
  seen   INTEGER                                         -- when it was last connected; NULL: never
) STRICT, WITHOUT ROWID;

-- Devices that may read and write a document.
CREATE TABLE member (
  doc   INTEGER NOT NULL REFERENCES doc (id),
  key   BLOB    NOT NULL CHECK (length(key) = 32),
  added INTEGER NOT NULL,
  PRIMARY KEY (doc, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_key ON member (key);

-- Invitations this device has issued. Each admits one device.
CREATE TABLE invite (
  id      BLOB PRIMARY KEY CHECK (length(id) = 8),
  secret  BLOB    NOT NULL CHECK (length(secret) = 16),
  doc     INTEGER NOT NULL REFERENCES doc (id),
  created INTEGER NOT NULL,
  expires INTEGER NOT NULL,
  used_by BLOB CHECK (length(used_by) = 32),             -- device key; NULL: open
  used    INTEGER                                        -- when; NULL: open
) STRICT, WITHOUT ROWID;

-- Small things remembered for the person: window size, caret places. And of the library itself: its
-- token, the running days. Losing them loses no words.
CREATE TABLE state (
  doc   BLOB NOT NULL CHECK (length(doc) = 32),          -- doc.name, or 32 zero bytes for the library itself
  key   TEXT NOT NULL,
  value BLOB NOT NULL,
  PRIMARY KEY (doc, key)
) STRICT;
