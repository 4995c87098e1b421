//! Invents stories of tickets from a seed: pure, the same seed tells the same.

use opora_proto::v1::{self, TicketState};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};

use super::texts::{Organisation, Phrases, Problem, Texts};

/// A ticket with what happens to it, in minutes after its creation.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Story {
    /// The ticket.
    pub(crate) ticket: v1::Ticket,
    /// Minutes before now when it was created.
    pub(crate) age: i64,
    /// What happens, in order of time.
    pub(crate) acts: Vec<(i64, Act)>,
}

/// One thing that happens.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Act {
    /// An agent takes it.
    Assign(String),
    /// An agent writes.
    Write(String, v1::Visibility),
    /// The customer writes.
    Reply(String, String),
    /// Another state.
    Move(TicketState, String),
    /// Another priority.
    Reprioritise(v1::Priority, String),
    /// Up the ladder.
    Escalate(String),
    /// Part of the story so many places before this one.
    Merge(usize, String),
    /// Tied to the story so many places before this one.
    Link(usize, v1::LinkKind),
}

/// Invents stories.
pub(crate) struct Inventor {
    texts: Texts,
    random: StdRng,
    told: usize,
}

impl Inventor {
    /// From a seed.
    pub(crate) fn new(texts: Texts, seed: u64) -> Self {
        Self { texts, random: StdRng::seed_from_u64(seed), told: 0 }
    }

    /// The texts.
    pub(crate) fn texts(&self) -> &Texts {
        &self.texts
    }

    /// A random number below a bound.
    pub(crate) fn below(&mut self, bound: i64) -> i64 {
        self.random.random_range(0..bound.max(1))
    }

    /// A ticket that is new just now.
    pub(crate) fn fresh(&mut self) -> v1::Ticket {
        let organisation = self.organisation();
        self.ticket(&organisation)
    }

    /// A reply of the customer in a language.
    pub(crate) fn reply(&mut self, russian: bool) -> String {
        let phrases = if russian { &self.texts.messages.ru } else { &self.texts.messages.en };
        phrases.replies.choose(&mut self.random).cloned().unwrap_or_default()
    }

    fn organisation(&mut self) -> Organisation {
        // The data file is never empty: a test says so.
        self.texts.organisation.choose(&mut self.random).cloned().unwrap_or_else(|| Organisation {
            id: "nobody".into(),
            name: "Nobody".into(),
            zone: "UTC".into(),
            platform: "V5".into(),
            language: "en".into(),
            people: Vec::new(),
        })
    }

    fn problem(&mut self) -> Option<Problem> {
        let whole: u32 = self.texts.problem.iter().map(|problem| problem.weight).sum();
        let mut left = self.random.random_range(0..whole.max(1));
        for problem in &self.texts.problem {
            match left.checked_sub(problem.weight) {
                Some(rest) => left = rest,
                None => return Some(problem.clone()),
            }
        }
        None
    }

    fn ticket(&mut self, organisation: &Organisation) -> v1::Ticket {
        self.told += 1;
        let Some(problem) = self.problem() else { return v1::Ticket::default() };
        let seat = self.random.random_range(1..60);
        let time = format!("{:02}:{:02}", self.random.random_range(8..20), self.random.random_range(0..60));
        let [subject, description] = if organisation.language == "ru" { &problem.ru } else { &problem.en };
        let filled = |text: &str| text.replace("{seat}", &seat.to_string()).replace("{time}", &time);
        let person = self.random.random_range(0..organisation.people.len().max(1));
        let wire = |found: Option<i32>| found.unwrap_or_default();
        let impact = v1::Impact::from_str_name(&format!("IMPACT_{}", problem.impact));
        // Now and then nobody said how widely it is felt: the ticket is not assessed.
        let impact = impact.filter(|_| self.random.random_range(0..12) > 0).map(i32::from);
        let requested = [0, 0, 0, 1, 2, 3].choose(&mut self.random).copied().unwrap_or_default();
        v1::Ticket {
            subject: filled(subject),
            description: filled(description),
            organisation: format!("organisations/{}", organisation.id),
            reporter: Some(v1::Reporter {
                display_name: organisation.people.get(person).cloned().unwrap_or_default(),
                email: address(organisation, person),
            }),
            category: wire(v1::Category::from_str_name(&format!("CATEGORY_{}", problem.category)).map(Into::into)),
            channels: problem
                .channel
                .iter()
                .filter_map(|channel| v1::Channel::from_str_name(&format!("CHANNEL_{channel}")))
                .map(Into::into)
                .collect(),
            impact: wire(impact),
            requested_priority: requested,
            platform: wire(v1::Platform::from_str_name(&format!("PLATFORM_{}", organisation.platform)).map(Into::into)),
            workstations: vec![format!("{}-{seat:02}", organisation.id)],
            external_id: format!("demo-{}", self.told),
            ..Default::default()
        }
    }

    /// A ticket with a past, one of `count` that are told in order, the oldest first.
    pub(crate) fn story(&mut self, index: usize, count: usize) -> Story {
        let organisation = self.organisation();
        let mut ticket = self.ticket(&organisation);
        ticket.origin = v1::Origin::Import.into();
        let phrases =
            if organisation.language == "ru" { self.texts.messages.ru.clone() } else { self.texts.messages.en.clone() };
        let agent = self.texts.agent.choose(&mut self.random).map(|agent| agent.id.clone()).unwrap_or_default();
        // From three weeks ago till just now; the last third within the last hours, where clocks still run.
        let share = index as f64 / count.max(1) as f64;
        let age = if share < 0.45 {
            20_160 - (share / 0.45 * 17_000.0) as i64 + self.below(600)
        } else if share < 0.75 {
            3_000 - ((share - 0.45) / 0.3 * 2_500.0) as i64 + self.below(120)
        } else {
            1 + ((1.0 - share) / 0.25 * 420.0) as i64 + self.below(25)
        };
        let email = ticket.reporter.as_ref().map(|who| who.email.clone()).unwrap_or_default();
        let acts = self.acts(index, age, &agent, &email, &phrases, &ticket);
        Story { ticket, age, acts }
    }

    fn acts(
        &mut self,
        index: usize,
        age: i64,
        agent: &str,
        email: &str,
        phrases: &Phrases,
        ticket: &v1::Ticket,
    ) -> Vec<(i64, Act)> {
        use TicketState::{Closed, InProgress, Resolved, WaitingForCustomer};
        let mut acts: Vec<(i64, Act)> = Vec::new();
        let said = |random: &mut StdRng, list: &[String]| list.choose(random).cloned().unwrap_or_default();
        // Most are answered in time, some late, the youngest not yet.
        let answer = 4 + self.below(if index.is_multiple_of(9) { 180 } else { 30 });
        let path = if age < 60 { index % 4 } else { index % 10 };
        if path == 0 && age < 4_000 {
            return self.extras(acts, index, age, phrases, ticket);
        }
        if age > 3_000 && index % 20 == 10 {
            // Gone by itself before anybody answered: a clock that was stopped, not met.
            let acts =
                vec![(answer, Act::Move(Resolved, phrases.solved.clone())), (900, Act::Move(Closed, String::new()))];
            return self.extras(acts, index, age, phrases, ticket);
        }
        acts.push((answer, Act::Assign(agent.to_owned())));
        let words = said(&mut self.random, &phrases.answers);
        acts.push((answer + 2, Act::Write(words, v1::Visibility::Public)));
        if index.is_multiple_of(3) {
            let words = said(&mut self.random, &phrases.notes);
            acts.push((answer + 9, Act::Write(words, v1::Visibility::Internal)));
        }
        let later = answer + 20 + self.below(200);
        let ended = age > 3_000 || path >= 8;
        match path {
            1 | 4 if !ended => acts.push((later, Act::Move(WaitingForCustomer, String::new()))),
            2 | 5 => {
                acts.push((later, Act::Move(WaitingForCustomer, String::new())));
                let words = said(&mut self.random, &phrases.replies);
                acts.push((later + 45, Act::Reply(email.to_owned(), words)));
            }
            _ => {}
        }
        if ended {
            let solved = later + 60 + self.below(600);
            acts.push((solved, Act::Move(Resolved, phrases.solved.clone())));
            if index % 11 == 5 {
                let words = said(&mut self.random, &phrases.replies);
                acts.push((solved + 120, Act::Reply(email.to_owned(), words)));
                acts.push((solved + 300, Act::Move(InProgress, String::new())));
                acts.push((solved + 400, Act::Move(Resolved, phrases.solved.clone())));
            }
            if index % 3 == 1 {
                acts.push((solved + 1_000, Act::Move(Closed, String::new())));
            }
        }
        self.extras(acts, index, age, phrases, ticket)
    }

    /// Escalations, other priorities, merges and ties; then in order of time, and nothing in the future.
    fn extras(
        &mut self,
        mut acts: Vec<(i64, Act)>,
        index: usize,
        age: i64,
        phrases: &Phrases,
        ticket: &v1::Ticket,
    ) -> Vec<(i64, Act)> {
        if index % 13 == 6 {
            acts.push((35 + self.below(60), Act::Escalate(phrases.escalated.clone())));
        }
        if index % 7 == 3 {
            let down = ticket.impact == i32::from(v1::Impact::ServiceDown);
            let (to, why) =
                if down { (v1::Priority::High, &phrases.lowered) } else { (v1::Priority::Critical, &phrases.raised) };
            let to = if down || index % 14 == 3 { to } else { v1::Priority::High };
            acts.push((15 + self.below(60), Act::Reprioritise(to, why.clone())));
        }
        if index % 29 == 20 {
            acts.push((12, Act::Merge(1, phrases.merged.clone())));
        }
        if index % 17 == 9 {
            let kind = if index.is_multiple_of(2) { v1::LinkKind::Related } else { v1::LinkKind::ChildOfIncident };
            acts.push((14, Act::Link(2, kind)));
        }
        acts.sort_by_key(|(minute, _)| *minute);
        acts.retain(|(minute, _)| *minute < age);
        acts
    }
}

/// The address of a person of a customer.
pub(crate) fn address(organisation: &Organisation, person: usize) -> String {
    format!("person{}@{}.example.com", person + 1, organisation.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stories(seed: u64) -> Vec<Story> {
        let mut inventor = Inventor::new(Texts::load().unwrap(), seed);
        (0..200).map(|index| inventor.story(index, 200)).collect()
    }

    #[test]
    fn the_same_seed_tells_the_same_stories() {
        assert_eq!(stories(7), stories(7));
        assert_ne!(stories(7), stories(8));
    }

    #[test]
    fn the_stories_have_every_state_and_every_kind_of_act() {
        let acts: Vec<Act> = stories(1).into_iter().flat_map(|s| s.acts).map(|(_, act)| act).collect();
        let moved = |state| acts.iter().any(|act| matches!(act, Act::Move(to, _) if *to == state));
        assert!(moved(TicketState::WaitingForCustomer) && moved(TicketState::Resolved) && moved(TicketState::Closed));
        assert!(acts.iter().any(|act| matches!(act, Act::Merge(..))));
        assert!(acts.iter().any(|act| matches!(act, Act::Link(..))));
        assert!(acts.iter().any(|act| matches!(act, Act::Escalate(_))));
        assert!(acts.iter().any(|act| matches!(act, Act::Reply(..))));
        assert!(stories(1).iter().any(|story| story.acts.is_empty()), "some are still new");
    }

    #[test]
    fn every_word_of_the_data_file_is_one_of_the_contract() {
        let texts = Texts::load().unwrap();
        assert!(!texts.agent.is_empty() && texts.organisation.iter().all(|one| !one.people.is_empty()));
        for problem in &texts.problem {
            assert!(v1::Category::from_str_name(&format!("CATEGORY_{}", problem.category)).is_some());
            assert!(v1::Impact::from_str_name(&format!("IMPACT_{}", problem.impact)).is_some());
        }
    }

    #[test]
    fn nothing_happens_in_the_future() {
        for story in stories(3) {
            assert!(story.age > 0 && story.acts.iter().all(|(minute, _)| *minute < story.age));
            assert!(story.acts.is_sorted_by_key(|(minute, _)| *minute));
        }
    }
}
