//! No circles between the rooms of a crate: what names another module at the top of its crate must not be named by it
//! again, however far around. Tests are left out: they may look everywhere.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::Path;

use syn::visit::Visit;

use crate::cargo;

/// Crates of which this is asked. Command line and console are left out: what each of their parts shows is kept in one
/// model, which every part reads and changes.
const CRATES: [&str; 6] = ["opora-bench", "opora-core", "opora-fold", "opora-proto", "opora-server", "opora-store"];

/// Which module names which, with a file in which it does.
#[derive(Default)]
struct Names {
    edges: BTreeMap<String, BTreeMap<String, String>>,
}

/// The circles of each crate; one sentence each.
pub(crate) fn faults() -> Result<Vec<String>, String> {
    let mut faults = Vec::new();
    for crate_ in CRATES {
        let src = cargo::root().join("crates").join(crate_).join("src");
        let lib = src.join("lib.rs");
        let root = if lib.exists() { lib } else { src.join("main.rs") };
        let names = read(&root)?;
        faults.extend(names.circles().into_iter().map(|circle| format!("{crate_}: a circle of modules: {circle}")));
    }
    Ok(faults)
}

fn read(root: &Path) -> Result<Names, String> {
    let file = parse(root)?;
    let mut crate_ = Reader { tops: tops(&file), exported: BTreeMap::new(), names: Names::default() };
    crate_.exported = exported(&file, &crate_.tops);
    let folder = root.parent().unwrap_or(root).to_owned();
    crate_.items(&file.items, root, &folder, &[])?;
    Ok(crate_.names)
}

fn parse(file: &Path) -> Result<syn::File, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    syn::parse_file(&text).map_err(|error| format!("{}: {error}", file.display()))
}

/// The modules at the top of a crate.
fn tops(root: &syn::File) -> BTreeSet<String> {
    let module = |item: &syn::Item| match item {
        syn::Item::Mod(module) => Some(module.ident.to_string()),
        _ => None,
    };
    root.items.iter().filter_map(module).collect()
}

/// What the root gives out under a name of its own, and which module it is from.
fn exported(root: &syn::File, tops: &BTreeSet<String>) -> BTreeMap<String, String> {
    let mut exported = BTreeMap::new();
    for item in &root.items {
        if let syn::Item::Use(item) = item {
            let mut found = Vec::new();
            paths(&item.tree, &mut Vec::new(), &mut found);
            for path in found {
                let path: Vec<_> = path.into_iter().skip_while(|part| part == "crate" || part == "self").collect();
                if let (Some(first), Some(last)) = (path.first(), path.last())
                    && tops.contains(first)
                {
                    exported.insert(last.clone(), first.clone());
                }
            }
        }
    }
    exported
}

/// All paths of a `use`.
fn paths(tree: &syn::UseTree, before: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    match tree {
        syn::UseTree::Path(path) => {
            before.push(path.ident.to_string());
            paths(&path.tree, before, found);
            before.pop();
        }
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| paths(tree, before, found)),
        syn::UseTree::Name(name) => found.push([before.as_slice(), &[name.ident.to_string()]].concat()),
        syn::UseTree::Rename(name) => found.push([before.as_slice(), &[name.ident.to_string()]].concat()),
        syn::UseTree::Glob(_) => found.push(before.clone()),
    }
}

struct Reader {
    tops: BTreeSet<String>,
    exported: BTreeMap<String, String>,
    names: Names,
}

impl Reader {
    /// Reads the items of a module in a file, and the modules that it declares; `folder`: where their files lie.
    fn items(&mut self, items: &[syn::Item], file: &Path, folder: &Path, module: &[String]) -> Result<(), String> {
        for item in items {
            match item {
                syn::Item::Mod(inner) if is_of_tests(&inner.attrs) => {}
                syn::Item::Mod(inner) => {
                    let name = inner.ident.to_string();
                    let path = [module, std::slice::from_ref(&name)].concat();
                    let folder = folder.join(&name);
                    if let Some((_, items)) = &inner.content {
                        self.items(items, file, &folder, &path)?;
                    } else {
                        let beside = folder.with_extension("rs");
                        let file = if beside.exists() { beside } else { folder.join("mod.rs") };
                        let parsed = parse(&file)?;
                        self.items(&parsed.items, &file, &folder, &path)?;
                    }
                }
                item => {
                    let mut visitor = Visitor { found: Vec::new() };
                    visitor.visit_item(item);
                    for path in visitor.found {
                        self.named(&path, file, module);
                    }
                }
            }
        }
        Ok(())
    }

    /// Notes a path that was named in a module, if it leads to another one at the top.
    fn named(&mut self, path: &[String], file: &Path, module: &[String]) {
        let Some(own) = module.first() else { return };
        let (mut at, mut rest) = (module.to_vec(), path);
        let mut relative = false;
        while let Some((first, others)) = rest.split_first() {
            match first.as_str() {
                "crate" => at.clear(),
                "super" => drop(at.pop()),
                "self" => {}
                _ => break,
            }
            (relative, rest) = (true, others);
        }
        if !relative {
            return;
        }
        let Some(first) = at.first().or(rest.first()) else { return };
        let Some(target) = self.tops.get(first).or_else(|| self.exported.get(first)) else { return };
        if target != own {
            let file = cargo::name_of(file);
            self.names.edges.entry(own.clone()).or_default().entry(target.clone()).or_insert(file);
        }
    }
}

/// Whether something is built for tests alone.
fn is_of_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        matches!(&attribute.meta, syn::Meta::List(list) if list.path.is_ident("cfg") && list.tokens.to_string() == "test")
    })
}

/// Collects every path that begins at the crate or at a module above.
struct Visitor {
    found: Vec<Vec<String>>,
}

impl Visit<'_> for Visitor {
    fn visit_item_use(&mut self, item: &syn::ItemUse) {
        if !is_of_tests(&item.attrs) {
            paths(&item.tree, &mut Vec::new(), &mut self.found);
        }
    }

    fn visit_path(&mut self, path: &syn::Path) {
        self.found.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, mac: &syn::Macro) {
        let text = mac.tokens.to_string();
        let words: Vec<&str> = text.split_whitespace().collect();
        for (at, _) in words.iter().enumerate().filter(|(_, word)| matches!(**word, "crate" | "super")) {
            let parts = words.iter().skip(at).step_by(2).map(|word| (*word).to_owned());
            let separators = words.iter().skip(at + 1).step_by(2);
            let whole = separators.take_while(|word| **word == "::").count();
            self.found.push(parts.take(whole + 1).collect());
        }
        syn::visit::visit_macro(self, mac);
    }
}

impl Names {
    /// The shortest way from a module to another one.
    fn way(&self, from: &str, to: &str) -> Option<Vec<String>> {
        let mut waiting = VecDeque::from([vec![from.to_owned()]]);
        let mut seen = BTreeSet::new();
        while let Some(way) = waiting.pop_front() {
            let last = way.last()?;
            for next in self.edges.get(last).into_iter().flat_map(BTreeMap::keys) {
                let longer = [way.as_slice(), std::slice::from_ref(next)].concat();
                if next == to {
                    return Some(longer);
                }
                if seen.insert(next.clone()) {
                    waiting.push_back(longer);
                }
            }
        }
        None
    }

    /// One circle for each module that is in one and in none of those told before.
    fn circles(&self) -> Vec<String> {
        let (mut told, mut circles) = (BTreeSet::new(), Vec::new());
        for module in self.edges.keys() {
            if told.contains(module) {
                continue;
            }
            let Some(way) = self.way(module, module) else { continue };
            let file = |pair: &[String]| match pair {
                [from, to] => self.edges.get(from)?.get(to).map(|file| format!("{from} → {to} ({file})")),
                _ => None,
            };
            circles.push(way.windows(2).filter_map(file).collect::<Vec<_>>().join(", "));
            told.extend(way);
        }
        circles
    }
}

#[cfg(test)]
mod tests {
    use super::{Path, Reader, exported, faults, tops};

    fn circles(modules: &[(&str, &str)]) -> Vec<String> {
        let inner: Vec<String> = modules.iter().map(|(name, text)| format!("mod {name} {{ {text} }}")).collect();
        let file = syn::parse_file(&format!("{}\npub use b::Thing;", inner.join("\n"))).unwrap();
        let tops = tops(&file);
        let mut reader = Reader { exported: exported(&file, &tops), tops, names: super::Names::default() };
        reader.items(&file.items, Path::new("lib.rs"), Path::new("src"), &[]).unwrap();
        reader.names.circles()
    }

    #[test]
    fn no_module_of_this_tree_is_in_a_circle() {
        let found = faults().unwrap();
        assert!(found.is_empty(), "{}", found.join("\n"));
    }

    #[test]
    fn two_modules_that_name_each_other_are_found_however_they_do() {
        let one_way = ("b", "pub struct Thing;");
        for names in [
            "use crate::b::Thing;",
            "use crate::{b::Thing as Other};",
            "use super::b;",
            "fn f() { crate::b::g() }",
            "mod deep { use super::super::b::Thing; }",
            "use crate::Thing;",
            "fn f() { println!(\"{}\", crate::b::X) }",
        ] {
            assert_eq!(circles(&[("a", names), one_way]), Vec::<String>::new(), "{names}");
            let found = circles(&[("a", names), ("b", "use crate::a; pub struct Thing;")]);
            assert_eq!(found, ["a → b (lib.rs), b → a (lib.rs)"], "{names}");
        }
    }

    #[test]
    fn a_circle_of_three_is_one_and_tests_may_look_everywhere() {
        let found = circles(&[("a", "use crate::b;"), ("b", "use crate::c;"), ("c", "use crate::a;")]);
        assert_eq!(found.len(), 1, "{found:?}");
        let tests = "#[cfg(test)] mod tests { use crate::a; } use std::fmt; fn f(x: self::Y) {}";
        assert!(circles(&[("a", "use crate::b;"), ("b", tests)]).is_empty());
    }
}
