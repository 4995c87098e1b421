//! Priority and its rank (docs/domain.md §1, §3).

/// How urgent a ticket is. Ordered by rank: `Low < Medium < High < Critical`, whatever the wire's numbers are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// НИЗКИЙ.
    Low,
    /// СРЕДНИЙ.
    Medium,
    /// ВЫСОКИЙ.
    High,
    /// КРИТИЧЕСКИЙ.
    Critical,
}

impl Priority {
    /// All priorities, lowest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word of the contract and the filter language.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}
