//! Fields of which a person changes a part and the contract takes the whole: tags, workstations, channels, the steps of
//! the checklist, who reported it. What was put in and what was taken out is brought onto the ticket as it is now, so
//! that nothing is lost that others put there. Knows neither screen nor network.

use opora_proto::v1;
use serde::{Deserialize, Serialize};

use crate::change::{Fields, Step};

/// These fields as they were when they were edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Lists {
    tags: Vec<String>,
    workstations: Vec<String>,
    channels: Vec<i32>,
    checklist: Vec<Step>,
    /// Name and address.
    reporter: (String, String),
}

impl Lists {
    pub(crate) fn of(ticket: &v1::Ticket) -> Self {
        let reporter = ticket.reporter.clone().unwrap_or_default();
        let step =
            |item: &v1::ChecklistItem| Step { step: item.step.clone(), done: item.done, note: item.note.clone() };
        Self {
            tags: ticket.tags.clone(),
            workstations: ticket.workstations.clone(),
            channels: ticket.channels.clone(),
            checklist: ticket.checklist.iter().map(step).collect(),
            reporter: (reporter.display_name, reporter.email),
        }
    }

    pub(crate) fn tags(&self) -> &[String] {
        &self.tags
    }

    /// After an edit that is not told by the stream yet.
    fn after(&self, edit: &Fields) -> Self {
        Self {
            tags: edit.tags.clone().unwrap_or_else(|| self.tags.clone()),
            workstations: edit.workstations.clone().unwrap_or_else(|| self.workstations.clone()),
            channels: edit.channels.clone().unwrap_or_else(|| self.channels.clone()),
            checklist: edit.checklist.clone().unwrap_or_else(|| self.checklist.clone()),
            reporter: edit.reporter.clone().unwrap_or_else(|| self.reporter.clone()),
        }
    }
}

impl Fields {
    /// The edit, with what its lists were when it was made; where it has none there is nothing to keep.
    pub(crate) fn made_on(self, lists: Lists) -> Self {
        let base = self.shares_list(&self).then(|| Box::new(lists));
        Self { base, ..self }
    }

    /// The same edit on another state of the ticket. One that does not know what it was made on stays as it is.
    pub(crate) fn bring_onto(&mut self, now: Lists) {
        let Some(base) = self.base.as_deref() else { return };
        if let Some(tags) = &mut self.tags {
            *tags = names(&base.tags, tags, &now.tags);
        }
        if let Some(workstations) = &mut self.workstations {
            *workstations = names(&base.workstations, workstations, &now.workstations);
        }
        if let Some(channels) = &mut self.channels {
            *channels = brought(&base.channels, channels, &now.channels, |one, other| one == other);
        }
        if let Some(checklist) = &mut self.checklist {
            *checklist = steps(&base.checklist, checklist, &now.checklist);
        }
        if let Some((name, email)) = &mut self.reporter {
            untouched(&base.reporter.0, name, &now.reporter.0);
            untouched(&base.reporter.1, email, &now.reporter.1);
        }
        self.base = Some(Box::new(now));
    }

    /// The same edit, after an earlier one of one's own that was made on the same state.
    pub(crate) fn bring_after(&mut self, earlier: &Self) {
        if let Some(base) = &self.base {
            let now = base.after(earlier);
            self.bring_onto(now);
        }
    }

    /// Whether both put something in place of the same list.
    pub(crate) fn shares_list(&self, other: &Self) -> bool {
        self.tags.is_some() && other.tags.is_some()
            || self.workstations.is_some() && other.workstations.is_some()
            || self.channels.is_some() && other.channels.is_some()
            || self.checklist.is_some() && other.checklist.is_some()
            || self.reporter.is_some() && other.reporter.is_some()
    }
}

/// Names by three sides: what was edited, what the person made of it, and what others made of it. What others put in
/// comes first: where the person types, at the end, nothing moves.
pub(crate) fn names(base: &[String], edited: &[String], now: &[String]) -> Vec<String> {
    brought(base, edited, now, |one, other| opora_fold::same_name(one, other))
}

fn brought<T: Clone>(base: &[T], edited: &[T], now: &[T], same: impl Fn(&T, &T) -> bool) -> Vec<T> {
    let is_in = |list: &[T], one: &T| list.iter().any(|other| same(one, other));
    let theirs = now.iter().filter(|one| !is_in(base, one) && !is_in(edited, one));
    let ours = edited.iter().filter(|one| is_in(now, one) || !is_in(base, one));
    theirs.chain(ours).cloned().collect()
}

/// Steps: each that the person did not touch is as it is now.
fn steps(base: &[Step], edited: &[Step], now: &[Step]) -> Vec<Step> {
    let of = |list: &[Step], name: &str| list.iter().find(|step| step.step == name).cloned();
    let mut all: Vec<&str> = edited.iter().map(|step| step.step.as_str()).collect();
    all.extend(now.iter().map(|step| step.step.as_str()).filter(|name| of(edited, name).is_none()));
    let one = |name: &str| {
        let edited = of(edited, name);
        if edited == of(base, name) { of(now, name) } else { edited }
    };
    all.into_iter().filter_map(one).collect()
}

/// What the person did not touch is as it is now.
fn untouched(base: &str, edited: &mut String, now: &str) {
    if edited == base {
        now.clone_into(edited);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn what_others_put_in_stays_and_what_they_took_out_does_not_come_back() {
        for (base, edited, now, after) in [
            ("", "vip", "sip", "sip vip"),
            ("a b", "a b c", "b", "b c"),
            ("a b", "b", "a b d", "d b"),
            ("a b", "b", "b", "b"),
            ("a", "a vip", "a VIP", "a vip"),
            ("звонки", "", "звонки трафик", "трафик"),
        ] {
            assert_eq!(names(&words(base), &words(edited), &words(now)), words(after), "{base}: {edited} on {now}");
        }
    }

    #[test]
    fn each_part_that_the_person_did_not_touch_is_that_of_now() {
        let step = |step: &str, done: bool, note: &str| Step { step: step.into(), done, note: note.into() };
        let base = Lists {
            channels: vec![1],
            checklist: vec![step("save-logs", false, "?"), step("reinstall", true, "")],
            reporter: ("Анна".into(), "anna@example.com".into()),
            ..Lists::default()
        };
        let now = Lists {
            channels: vec![1, 3],
            checklist: vec![step("save-logs", true, "?"), step("restart-computer", true, "")],
            reporter: ("Анна".into(), "anna@example.org".into()),
            ..Lists::default()
        };
        let mut fields = Fields {
            channels: Some(vec![1, 2]),
            checklist: Some(vec![
                step("save-logs", false, "?"),
                step("reinstall", true, ""),
                step("send-request", true, ""),
            ]),
            reporter: Some(("Анна П.".into(), "anna@example.com".into())),
            base: Some(Box::new(base)),
            ..Fields::default()
        };
        fields.bring_onto(now.clone());
        assert_eq!(fields.channels, Some(vec![3, 1, 2]));
        let steps = [step("save-logs", true, "?"), step("send-request", true, ""), step("restart-computer", true, "")];
        assert_eq!(fields.checklist.as_deref(), Some(&steps[..]));
        assert_eq!(fields.reporter, Some(("Анна П.".into(), "anna@example.org".into())));
        let before = fields.clone();
        fields.bring_onto(now);
        assert_eq!(fields, before, "brought twice it is the same");
    }
}
