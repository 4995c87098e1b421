//! The index on disk: what is written for a ticket, and which tickets a text finds.
//!
//! One document holds a ticket's own words (written anew when they are edited), one each comment. So a text is looked
//! up word by word: a ticket is found when every word stands in one of its documents, or in one of a ticket that was
//! merged into it: a document of its own says of each merged ticket where it went.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use opora_core::event::{Change, TicketEvent};
use opora_core::model::{MAX_PARTS, Revision, Ticket, TicketNumber};
use opora_store::{Activity, StoreUid};
use parking_lot::Mutex;
use tantivy::indexer::IndexWriterOptions;
use tantivy::schema::{FAST, Field, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{TokenStream as _, Tokenizer as _};
use tantivy::{
    DocSet as _, Index, IndexReader, IndexWriter, ReloadPolicy, Searcher, TERMINATED, TantivyDocument, TantivyError,
    Term,
};

use super::NumberSet;
use super::merging::Merging;
use super::unsynced::{self, Changed, Unsynced};
use super::words::{Words, fold};

/// Memory of each of the writer's threads.
const HEAP: usize = 16 * 1024 * 1024;
/// How many threads merge: they have what nobody else wants, and each takes memory of its own.
const MERGING: usize = 1;
/// The most words of a text that are looked up.
const MAX_WORDS: usize = 32;
/// After how many places of a word a search looks whether it is to go on: some tens of microseconds.
const LOOK_EVERY: usize = 4_096;
/// How what stands in an index was folded. Where that changes the index is built anew.
const FOLDING: &str = "folded-2";
/// The longest identifier that is kept, in bytes.
const MAX_ID: usize = 200;

#[derive(Clone, Copy)]
struct Fields {
    /// The number as a term, of the document with the ticket's own words.
    own: Field,
    /// The number, of every document.
    number: Field,
    /// Of a document that says so: what the ticket was merged into.
    target: Field,
    /// Words, stemmed.
    text: Field,
    /// Identifiers, folded.
    ids: Field,
}

pub(super) struct TextIndex {
    fields: Fields,
    reader: IndexReader,
    changed: Changed,
    words: Words,
    targets: Mutex<Arc<Targets>>,
}

/// What each merged ticket was merged into.
type Targets = HashMap<u64, u64>;

/// The term that all documents about merges have in `own`, which else holds numbers.
const MERGES: &str = "merges";

/// The term of the document about the merge of one ticket.
fn merge_of(number: TicketNumber) -> String {
    format!("{MERGES}-{}", number.0)
}

pub(super) struct TextWriter {
    index: Index,
    writer: IndexWriter,
    threads: usize,
    merging: Merging,
    fields: Fields,
    uid: StoreUid,
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let own = schema.add_text_field("own", STRING);
    let number = schema.add_u64_field("number", FAST);
    let target = schema.add_u64_field("target", FAST);
    let words = TextFieldIndexing::default().set_tokenizer("desk").set_index_option(IndexRecordOption::Basic);
    let text = schema.add_text_field("text", TextOptions::default().set_indexing_options(words.set_fieldnorms(false)));
    let raw = TextFieldIndexing::default().set_tokenizer("raw").set_index_option(IndexRecordOption::Basic);
    let ids = schema.add_text_field("ids", TextOptions::default().set_indexing_options(raw.set_fieldnorms(false)));
    (schema.build(), Fields { own, number, target, text, ids })
}

/// Whether the machine was short of something, descriptors or threads, when an index was opened: it is as it was.
fn is_of_the_machine(error: &TantivyError) -> bool {
    // What it wraps of the system's errors is left in its text alone; a thread that can't be had is a `SystemError`.
    matches!(error, TantivyError::SystemError(_)) || opora_store::tells_passing(&format!("{error:?}"))
}

impl TextIndex {
    /// Opens the index of a directory, and how far it has read this store; anew where it can't be used. What is written
    /// gives way to `activity`.
    pub(super) fn open(
        dir: &Path,
        uid: StoreUid,
        newest: Revision,
        activity: &Arc<Activity>,
    ) -> tantivy::Result<(Self, TextWriter, Revision)> {
        let boot = opora_store::boot_id();
        let opened = if unsynced::trusted(dir, &boot)? || !dir.exists() {
            Self::open_once(dir, uid, newest, &boot, activity)
        } else {
            Err(TantivyError::InvalidArgument("the machine went down while it was open".into()))
        };
        match opened {
            Ok(opened) => Ok(opened),
            // The machine's trouble, not the index's.
            Err(error @ (TantivyError::IoError(_) | TantivyError::LockFailure(..))) => Err(error),
            Err(error) if is_of_the_machine(&error) => Err(error),
            Err(error) => {
                tracing::warn!(%error, "the search index is built anew");
                #[expect(clippy::disallowed_methods, reason = "on the follower's own thread")]
                match std::fs::remove_dir_all(dir) {
                    Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                    _ => {}
                }
                Self::open_once(dir, uid, newest, &boot, activity)
            }
        }
    }

    fn open_once(
        dir: &Path,
        uid: StoreUid,
        newest: Revision,
        boot: &str,
        activity: &Arc<Activity>,
    ) -> tantivy::Result<(Self, TextWriter, Revision)> {
        #[expect(clippy::disallowed_methods, reason = "on the follower's own thread")]
        std::fs::create_dir_all(dir)?;
        unsynced::begin(dir, boot)?;
        let (schema, fields) = schema();
        let directory = Unsynced::open(dir, activity.clone())?;
        let changed = directory.changed();
        let index = Index::open_or_create(directory, schema)?;
        let words = Words::new(activity.clone());
        index.tokenizers().register("desk", words.clone());
        let payload = index.load_metas()?.payload;
        let revision = match payload.as_deref().map(|payload| read_payload(payload, uid)) {
            None => Revision::ZERO,
            Some(Some(revision)) if revision <= newest => revision,
            Some(_) => {
                return Err(TantivyError::InvalidArgument("it is of another store or of an older version".into()));
            }
        };
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into()?;
        let merging = Merging::default();
        let writer = writing(&index, 1, &merging)?;
        let writer = TextWriter { writer, index, threads: 1, merging, fields, uid };
        let targets = Mutex::new(Arc::new(targets(&reader.searcher(), fields)?));
        Ok((Self { fields, reader, changed, words: words.at_once(), targets }, writer, revision))
    }

    /// Shows what was committed, and what was merged: until then what was merged away keeps its memory and its disk.
    /// Does nothing where that is shown already.
    pub(super) fn reload(&self) -> tantivy::Result<()> {
        if self.changed.take() {
            self.reader.reload()?;
            *self.targets.lock() = Arc::new(targets(&self.reader.searcher(), self.fields)?);
        }
        Ok(())
    }

    /// The tickets that have every word of a text; some of them, if it is not to go on.
    pub(super) fn find(&self, text: &str, goes_on: &dyn Fn() -> bool) -> tantivy::Result<NumberSet> {
        let (searcher, targets) = (self.reader.searcher(), self.targets.lock().clone());
        let mut words = self.words.clone();
        let mut found: Option<NumberSet> = None;
        for word in fold(text).split_whitespace().take(MAX_WORDS) {
            let mut of_word = None;
            let mut stream = words.token_stream(word);
            while let Some(token) = stream.next() {
                let term = Term::from_field_text(self.fields.text, &token.text);
                let of_token = Self::having(&searcher, &targets, &term, goes_on)?;
                narrow(&mut of_word, of_token);
            }
            let id = Term::from_field_text(self.fields.ids, word.trim_start_matches('#'));
            let mut of_word = of_word.unwrap_or_default();
            of_word.unite(&Self::having(&searcher, &targets, &id, goes_on)?);
            narrow(&mut found, of_word);
        }
        Ok(found.unwrap_or_default())
    }

    /// The tickets of the documents with a term, and those that they were merged into.
    fn having(
        searcher: &Searcher,
        targets: &Targets,
        term: &Term,
        goes_on: &dyn Fn() -> bool,
    ) -> tantivy::Result<NumberSet> {
        let mut numbers = NumberSet::default();
        let mut looked = 0_usize;
        for segment in searcher.segment_readers() {
            let inverted = segment.inverted_index(term.field())?;
            let Some(mut postings) = inverted.read_postings(term, IndexRecordOption::Basic)? else { continue };
            let column = segment.fast_fields().u64("number")?;
            let alive = segment.alive_bitset();
            let mut doc = postings.doc();
            while doc != TERMINATED {
                if looked.is_multiple_of(LOOK_EVERY) && !goes_on() {
                    return Ok(numbers);
                }
                looked += 1;
                if alive.is_none_or(|alive| alive.is_alive(doc)) {
                    let number = column.first(doc).unwrap_or(0);
                    numbers.insert(number);
                    let chain = std::iter::successors(targets.get(&number), |number| targets.get(number));
                    // No chain is longer; a damaged index could hold a circle.
                    chain.take(MAX_PARTS).for_each(|number| numbers.insert(*number));
                }
                doc = postings.advance();
            }
        }
        Ok(numbers)
    }
}

/// What the documents about merges say.
fn targets(searcher: &Searcher, fields: Fields) -> tantivy::Result<Targets> {
    let mut targets = Targets::new();
    for segment in searcher.segment_readers() {
        let inverted = segment.inverted_index(fields.own)?;
        let term = Term::from_field_text(fields.own, MERGES);
        let Some(mut postings) = inverted.read_postings(&term, IndexRecordOption::Basic)? else { continue };
        let (number, target) = (segment.fast_fields().u64("number")?, segment.fast_fields().u64("target")?);
        let alive = segment.alive_bitset();
        let mut doc = postings.doc();
        while doc != TERMINATED {
            if alive.is_none_or(|alive| alive.is_alive(doc))
                && let Some((number, target)) = number.first(doc).zip(target.first(doc))
            {
                targets.insert(number, target);
            }
            doc = postings.advance();
        }
    }
    Ok(targets)
}

/// A writer of so many threads.
fn writing(index: &Index, threads: usize, merging: &Merging) -> tantivy::Result<IndexWriter> {
    let options = IndexWriterOptions::builder()
        .num_worker_threads(threads)
        .memory_budget_per_thread(HEAP)
        .num_merge_threads(MERGING)
        .build();
    let writer = index.writer_with_options(options)?;
    writer.set_merge_policy(Box::new(merging.clone()));
    Ok(writer)
}

fn narrow(found: &mut Option<NumberSet>, by: NumberSet) {
    match found {
        Some(found) => found.intersect(&by),
        None => *found = Some(by),
    }
}

fn read_payload(payload: &str, uid: StoreUid) -> Option<Revision> {
    let rest = payload.strip_suffix(FOLDING)?;
    let (of, revision) = rest.trim_end().split_once(' ')?;
    (of == uid.to_string()).then_some(Revision(revision.parse().ok()?))
}

impl TextWriter {
    /// Takes over an event; `false`: nothing of it is searched. `description` reads one from the log, where a ticket's words have to be written anew.
    pub(super) fn add(
        &mut self,
        event: &TicketEvent,
        description: impl FnOnce(&Ticket) -> Option<Arc<str>>,
    ) -> tantivy::Result<bool> {
        let ticket = &event.ticket;
        match &event.change {
            Change::Created { description, .. } => self.own_words(ticket, description.as_deref()),
            Change::Updated { .. } | Change::Undone { .. } => {
                let own = ticket.number.0.to_string();
                self.writer.delete_term(Term::from_field_text(self.fields.own, &own));
                self.own_words(ticket, description(ticket).as_deref())
            }
            Change::Commented(comment) => self.more(ticket, |document, fields| {
                document.add_text(fields.text, fold(&comment.body));
            }),
            Change::Attached(attachment) => self.more(ticket, |document, fields| {
                add_id(document, fields, &attachment.file_name);
                document.add_text(fields.text, fold(&attachment.file_name));
            }),
            Change::Merged { source, target } if *source == ticket.number => self.merged(*source, Some(*target)),
            Change::Unmerged { source, .. } if *source == ticket.number => self.merged(*source, None),
            _ => return Ok(false),
        }
        .map(|()| true)
    }

    /// Says where a ticket is shown from now on.
    fn merged(&mut self, source: TicketNumber, target: Option<TicketNumber>) -> tantivy::Result<()> {
        let own = merge_of(source);
        self.writer.delete_term(Term::from_field_text(self.fields.own, &own));
        let Some(target) = target else { return Ok(()) };
        let mut document = TantivyDocument::new();
        document.add_u64(self.fields.number, source.0);
        document.add_u64(self.fields.target, target.0);
        document.add_text(self.fields.own, MERGES);
        document.add_text(self.fields.own, &own);
        self.writer.add_document(document).map(drop)
    }

    fn own_words(&mut self, ticket: &Ticket, description: Option<&str>) -> tantivy::Result<()> {
        let own = ticket.number.0.to_string();
        self.more(ticket, |document, fields| {
            document.add_text(fields.ids, &own);
            document.add_text(fields.own, &own);
            for id in ticket.external_id.iter().chain(&ticket.workstations).chain(&ticket.tags) {
                add_id(document, fields, id);
            }
            add_id(document, fields, &ticket.reporter.email);
            let texts = [&*ticket.subject, &*ticket.reporter.display_name, &*ticket.reporter.email];
            for text in texts.into_iter().chain(description) {
                document.add_text(fields.text, fold(text));
            }
        })
    }

    fn more(&mut self, ticket: &Ticket, fill: impl FnOnce(&mut TantivyDocument, Fields)) -> tantivy::Result<()> {
        let mut document = TantivyDocument::new();
        document.add_u64(self.fields.number, ticket.number.0);
        fill(&mut document, self.fields);
        self.writer.add_document(document).map(drop)
    }

    /// Puts merging off, or no more.
    pub(super) fn put_merging_off(&self, put_off: bool) {
        self.merging.put_off(put_off);
    }

    /// How many threads index.
    pub(super) fn threads(&self) -> usize {
        self.threads
    }

    /// Has so many threads index from now on. What was not committed is lost, and merging is given up
    /// until the next commit.
    pub(super) fn spread(self, threads: usize) -> tantivy::Result<Self> {
        // Two writers of one index can't be.
        drop(self.writer);
        let writer = writing(&self.index, threads, &self.merging)?;
        Ok(Self { writer, threads, ..self })
    }

    /// Gives up merging and makes what was committed last, whatever happens to the machine.
    pub(super) fn end(self, dir: &Path) -> tantivy::Result<()> {
        drop(self.writer);
        Ok(unsynced::end(dir)?)
    }

    /// Writes down what was added, up to a revision.
    pub(super) fn commit(&mut self, revision: Revision) -> tantivy::Result<()> {
        let mut commit = self.writer.prepare_commit()?;
        commit.set_payload(&format!("{} {} {FOLDING}", self.uid, revision.0));
        commit.commit().map(drop)
    }
}

/// An identifier as a whole, and the words of one that has several.
fn add_id(document: &mut TantivyDocument, fields: Fields, id: &str) {
    let id = fold(id);
    let id = id.trim();
    if id.is_empty() || id.len() > MAX_ID {
        return;
    }
    if id.contains(char::is_whitespace) {
        for word in id.split_whitespace() {
            document.add_text(fields.ids, word);
        }
    }
    document.add_text(fields.ids, id);
}
