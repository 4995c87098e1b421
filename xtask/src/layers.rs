//! Who may depend on whom: the table of the architecture, checked against what cargo would build.
//!
//! The rules are the data at the top; the rest walks the graph and knows no crate by name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What one crate of the workspace may use.
struct Rule {
    /// The crate.
    name: &'static str,
    /// The crates of the workspace that it may name as dependencies.
    may_use: &'static [&'static str],
    /// Crates that must not be anywhere beneath it, and why.
    never: &'static [(&'static [&'static str], &'static str)],
}

const STORES: &[&str] = &["opora-store", "opora-server", "sled", "tantivy", "object_store", "tokio-postgres"];
const WIRE: &[&str] = &["tonic", "prost", "hyper", "http", "tonic-prost", "opora-proto"];
const RUNTIMES: &[&str] = &["tokio", "async-trait", "futures", "mio", "rustix", "socket2"];
const SCREENS: &[&str] = &["ratatui", "crossterm"];

const A_CLIENT: &str = "a client's crate never pulls in a store";
const PURE: &str = "the domain has no input or output, no runtime and no wire type";
const HEADLESS: &str = "a server draws nothing";

const RULES: &[Rule] = &[
    Rule {
        name: "opora-fold",
        may_use: &[],
        never: &[(WIRE, PURE), (RUNTIMES, PURE), (STORES, PURE), (SCREENS, PURE)],
    },
    Rule {
        name: "opora-core",
        may_use: &["opora-fold"],
        never: &[(WIRE, PURE), (RUNTIMES, PURE), (STORES, PURE), (SCREENS, PURE)],
    },
    Rule {
        name: "opora-proto",
        may_use: &[],
        never: &[(STORES, A_CLIENT), (&["opora-core"], A_CLIENT), (SCREENS, A_CLIENT)],
    },
    Rule {
        name: "opora-store",
        may_use: &["opora-core", "opora-proto"],
        never: &[(SCREENS, HEADLESS), (&["tantivy"], "search is a follower, not a store")],
    },
    Rule {
        name: "opora-server",
        may_use: &["opora-core", "opora-store", "opora-proto"],
        never: &[(SCREENS, HEADLESS)],
    },
    Rule {
        name: "opora-console",
        may_use: &["opora-fold", "opora-proto"],
        never: &[(STORES, A_CLIENT), (&["opora-core"], "the console knows the contract alone")],
    },
    Rule {
        name: "opora",
        may_use: &["opora-core", "opora-proto", "opora-store", "opora-server", "opora-console"],
        never: &[],
    },
    Rule {
        name: "opora-tests",
        may_use: &["opora-proto"],
        never: &[(STORES, "the end-to-end suites use what a customer could")],
    },
    Rule {
        name: "opora-bench",
        may_use: &["opora-proto"],
        never: &[(STORES, "the load is a client in a process of its own")],
    },
    Rule { name: "xtask", may_use: &[], never: &[(&["tokio", "tonic"], "it must build in seconds")] },
];

/// What is wrong in the workspace that `cargo metadata` describes; one sentence each.
pub(crate) fn faults(metadata: &Value) -> Vec<String> {
    let graph = Graph::of(metadata);
    let mut faults = Vec::new();
    for (id, name) in &graph.members {
        match RULES.iter().find(|rule| rule.name == name) {
            Some(rule) => graph.judge(id, rule, &mut faults),
            None => faults.push(format!("{name}: no rule in xtask/src/layers.rs says what it may use")),
        }
    }
    faults
}

/// The dependencies that are built into a crate: normal ones, not those of its tests or its build script.
struct Graph {
    members: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
    edges: BTreeMap<String, Vec<String>>,
}

impl Graph {
    fn of(metadata: &Value) -> Self {
        let text = |value: &Value, field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let names: BTreeMap<String, String> =
            items(metadata, "/packages").map(|package| (text(package, "id"), text(package, "name"))).collect();
        let members = items(metadata, "/workspace_members")
            .filter_map(Value::as_str)
            .map(|id| (id.to_owned(), names.get(id).cloned().unwrap_or_default()))
            .collect();
        let edges = items(metadata, "/resolve/nodes")
            .map(|node| {
                let normal = items(node, "/deps").filter(|dependency| is_normal(dependency));
                (text(node, "id"), normal.map(|dependency| text(dependency, "pkg")).collect())
            })
            .collect();
        Self { members, names, edges }
    }

    fn judge(&self, id: &str, rule: &Rule, faults: &mut Vec<String>) {
        for used in self.edges.get(id).into_iter().flatten() {
            if let Some(name) = self.members.get(used)
                && !rule.may_use.contains(&name.as_str())
            {
                faults.push(format!("{} must not use {name}: its layer allows {:?}", rule.name, rule.may_use));
            }
        }
        let beneath = self.beneath(id);
        for (banned, why) in rule.never {
            for name in banned.iter().filter(|name| beneath.contains(**name)) {
                faults.push(format!("{} must not pull in {name}: {why}", rule.name));
            }
        }
    }

    /// The names of everything beneath a crate.
    fn beneath(&self, id: &str) -> BTreeSet<&str> {
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut waiting: Vec<&str> = self.edges.get(id).into_iter().flatten().map(String::as_str).collect();
        while let Some(next) = waiting.pop() {
            if seen.insert(next) {
                waiting.extend(self.edges.get(next).into_iter().flatten().map(String::as_str));
            }
        }
        seen.into_iter().filter_map(|id| self.names.get(id)).map(String::as_str).collect()
    }
}

fn items<'a>(value: &'a Value, pointer: &str) -> impl Iterator<Item = &'a Value> {
    value.pointer(pointer).and_then(Value::as_array).into_iter().flatten()
}

fn is_normal(dependency: &Value) -> bool {
    items(dependency, "/dep_kinds").any(|kind| kind.get("kind").is_some_and(Value::is_null))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::faults;

    /// A workspace in which each name uses those after it; all whose name begins with `opora` are members.
    fn workspace(uses: &[(&str, &[&str])]) -> Value {
        let packages: Vec<Value> = uses.iter().map(|(name, _)| json!({"id": name, "name": name})).collect();
        let members: Vec<&str> = uses.iter().map(|(name, _)| *name).filter(|name| name.starts_with("opora")).collect();
        let nodes: Vec<Value> = uses
            .iter()
            .map(|(name, beneath)| {
                let deps: Vec<Value> =
                    beneath.iter().map(|dep| json!({"pkg": dep, "dep_kinds": [{"kind": null}]})).collect();
                json!({"id": name, "deps": deps})
            })
            .collect();
        json!({"packages": packages, "workspace_members": members, "resolve": {"nodes": nodes}})
    }

    #[test]
    fn the_layers_of_this_workspace_hold() {
        let found = faults(&crate::cargo::metadata().unwrap());
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    #[test]
    fn a_console_that_uses_the_store_is_found() {
        let found = faults(&workspace(&[("opora-console", &["opora-store"]), ("opora-store", &[])]));
        assert!(found.iter().any(|fault| fault.starts_with("opora-console must not use opora-store")), "{found:?}");
    }

    #[test]
    fn a_runtime_under_the_domain_is_found_however_deep() {
        let found = faults(&workspace(&[("opora-core", &["between"]), ("between", &["tokio"]), ("tokio", &[])]));
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].starts_with("opora-core must not pull in tokio"), "{found:?}");
    }

    #[test]
    fn a_crate_without_a_rule_is_found() {
        let found = faults(&workspace(&[("opora-surprise", &[])]));
        assert!(found[0].starts_with("opora-surprise: no rule"), "{found:?}");
    }
}
