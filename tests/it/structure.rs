//! Which file of `src` imports which: no two in a circle, so that each can be read without those above it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::visit::{self, Visit};
use syn::{Attribute, Item, UseTree};
use walkdir::WalkDir;

/// The rooms at the ground, which import none but each other.
const GROUND: [&str; 8] = ["cache", "error", "event", "interrupt", "os", "platform", "process", "quote"];

/// A module by the names that lead to it from the crate's root, which has none itself.
type Module = Vec<String>;

/// The imports of files, by who imports and who is imported, each with a name that is taken.
type Imports = BTreeMap<(String, String), String>;

/// All modules with their files and syntax; those that are for tests or fuzzing alone are left out.
struct Sources {
    modules: BTreeMap<Module, (String, syn::File)>,
}

impl Sources {
    fn read() -> Sources {
        let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let is_code = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs");
        let paths = WalkDir::new(&src).into_iter().map(|entry| entry.unwrap().into_path()).filter(is_code);
        let mut modules = BTreeMap::new();
        for path in paths.filter(|path| !path.ends_with("src/main.rs")) {
            let name = path.strip_prefix(&src).unwrap().to_str().unwrap().to_owned();
            let module = match name.as_str() {
                "lib.rs" => vec![],
                name => name.strip_suffix(".rs").unwrap().split('/').map(str::to_owned).collect(),
            };
            modules.insert(module, (name, syn::parse_file(&fs::read_to_string(&path).unwrap()).unwrap()));
        }
        let mut for_tests = BTreeSet::new();
        for (module, (_, file)) in &modules {
            for item in &file.items {
                match item {
                    Item::Mod(declared) if is_for_tests(&declared.attrs) => {
                        for_tests.insert([module.as_slice(), &[declared.ident.to_string()]].concat());
                    }
                    _ => {}
                }
            }
        }
        modules.retain(|module, _| !for_tests.contains(module));
        Sources { modules }
    }

    fn imports(&self) -> Imports {
        let mut imports = Imports::new();
        for (module, (name, file)) in &self.modules {
            let mut paths = Paths::default();
            paths.visit_file(file);
            for path in paths.found {
                if let Some(imported) = self.file_of(module, &path).filter(|imported| imported != name) {
                    imports.insert((name.clone(), imported), path.last().unwrap().clone());
                }
            }
        }
        imports
    }

    /// The file that a path in `module` leads to; none if that is another crate's or a local name.
    fn file_of(&self, module: &Module, path: &[String]) -> Option<String> {
        let ups = path.iter().take_while(|word| *word == "super").count();
        let full: Module = match path[0].as_str() {
            "crate" => path[1..].to_vec(),
            "rvenv" => vec![],
            "self" => [module, &path[1..]].concat(),
            "super" => [&module[..module.len() - ups], &path[ups..]].concat(),
            _ => [module, path].concat(),
        };
        let is_local = !["crate", "rvenv", "self", "super"].contains(&path[0].as_str());
        let deepest = (0..=full.len()).rev().find_map(|length| self.modules.get_key_value(&full[..length]))?;
        (!is_local || deepest.0.len() > module.len()).then(|| deepest.1.0.clone())
    }
}

/// The paths of a file's imports and of its code, tests left out.
#[derive(Default)]
struct Paths {
    found: Vec<Vec<String>>,
}

impl Paths {
    fn follow(&mut self, before: &[String], tree: &UseTree) {
        let with = |name: &syn::Ident| [before, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(path) => self.follow(&with(&path.ident), &path.tree),
            UseTree::Name(name) => self.found.push(with(&name.ident)),
            UseTree::Rename(name) => self.found.push(with(&name.ident)),
            UseTree::Glob(_) => self.found.push(before.to_vec()),
            UseTree::Group(group) => group.items.iter().for_each(|tree| self.follow(before, tree)),
        }
    }
}

impl<'ast> Visit<'ast> for Paths {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !is_for_tests(attributes) {
            visit::visit_item(self, item);
        }
    }

    /// `pub(in crate::seed)` imports nothing.
    fn visit_visibility(&mut self, _: &'ast syn::Visibility) {}

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.follow(&[], &item.tree);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.len() > 1 {
            self.found.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
}

/// Whether something is there for tests, doctests or fuzzing alone.
fn is_for_tests(attributes: &[Attribute]) -> bool {
    attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).any(|attribute| {
        let condition = attribute.meta.require_list().unwrap().tokens.to_string();
        let has = |word: &&str| condition.contains(word);
        ["test", "fuzzing", "doctest"].iter().any(has) && !["not", "target_os"].iter().any(has)
    })
}

/// The room that a file belongs to: the first folder or file below `src`.
fn room(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// Those of the imports that a way leads back from.
fn circles(imports: &Imports) -> Imports {
    let mut circles = imports.clone();
    circles.retain(|(from, to), _| reached_from(to, imports).contains(from));
    circles
}

/// All that one imports, and what that imports, and so on.
fn reached_from<'a>(start: &'a String, imports: &'a Imports) -> BTreeSet<&'a String> {
    let (mut reached, mut next) = (BTreeSet::from([start]), vec![start]);
    while let Some(from) = next.pop() {
        let imported = imports.keys().filter(|(importing, _)| importing == from).map(|(_, imported)| imported);
        next.extend(imported.filter(|imported| reached.insert(imported)));
    }
    reached
}

fn assert_no_circle(imports: &Imports, what: &str) {
    let circles = circles(imports);
    let lines: Vec<String> =
        circles.iter().map(|((from, to), name)| format!("{from} takes {name} from {to}")).collect();
    assert!(lines.is_empty(), "{what} import each other in a circle; one of these has to go:\n{}", lines.join("\n"));
}

/// How many floors the files stand on, where each stands above all that it imports.
fn floors(imports: &Imports) -> usize {
    let (mut left, mut floors) = (imports.clone(), 1);
    while !left.is_empty() {
        let importing: BTreeSet<String> = left.keys().map(|(importing, _)| importing.clone()).collect();
        left.retain(|(_, to), _| importing.contains(to));
        floors += 1;
    }
    floors
}

#[test]
fn no_file_imports_another_in_a_circle() {
    let imports = Sources::read().imports();
    assert!(imports.contains_key(&("builder.rs".to_owned(), "context.rs".to_owned())), "imports are read: {imports:?}");
    assert_no_circle(&imports, "files of src");
    println!("{} imports between files, on {} floors", imports.len(), floors(&imports));
}

#[test]
fn no_room_imports_another_in_a_circle() {
    let mut imports = Imports::new();
    for ((from, to), name) in Sources::read().imports() {
        if room(&from) != room(&to) {
            imports.insert((room(&from).to_owned(), room(&to).to_owned()), format!("{name} ({from})"));
        }
    }
    assert_no_circle(&imports, "rooms of src");
    println!("{} imports between rooms, on {} floors", imports.len(), floors(&imports));
}

#[test]
fn the_ground_imports_nothing_above_it() {
    for ((from, to), name) in Sources::read().imports() {
        let goes_up = GROUND.contains(&room(&from)) && !GROUND.contains(&room(&to));
        assert!(!goes_up, "{from} is at the ground, so it cannot take {name} from {to}");
    }
}

#[test]
fn nothing_but_the_os_room_depends_on_the_system_that_it_is_built_for() {
    const SYSTEMS: [&str; 5] = ["unix", "windows", "target_os", "target_family", "target_arch"];
    for (name, file) in Sources::read().modules.values().filter(|(name, _)| room(name) != "os") {
        let mut conditions = Conditions::default();
        conditions.visit_file(file);
        let of_system = conditions.found.iter().find(|condition| SYSTEMS.iter().any(|word| condition.contains(word)));
        assert!(of_system.is_none(), "{name} has cfg({}); what differs by system belongs into os", of_system.unwrap());
    }
}

#[test]
fn nothing_but_what_calls_windows_is_unsafe() {
    for (name, file) in Sources::read().modules.values().filter(|(name, _)| !name.starts_with("os/windows/")) {
        let mut conditions = Conditions::default();
        conditions.visit_file(file);
        assert!(!conditions.is_unsafe, "{name} has an unsafe block; calls of Windows belong into os/windows");
    }
}

/// What is asked by `#[cfg(…)]`, `#[cfg_attr(…)]` and `cfg!(…)`, and whether anything is unsafe, tests left out.
#[derive(Default)]
struct Conditions {
    found: Vec<String>,
    is_unsafe: bool,
}

impl<'ast> Visit<'ast> for Conditions {
    fn visit_item(&mut self, item: &'ast Item) {
        let is_test = matches!(item, Item::Mod(item) if is_for_tests(&item.attrs));
        if !is_test {
            visit::visit_item(self, item);
        }
    }

    fn visit_expr_unsafe(&mut self, block: &'ast syn::ExprUnsafe) {
        self.is_unsafe = true;
        visit::visit_expr_unsafe(self, block);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            self.found.push(attribute.meta.require_list().unwrap().tokens.to_string());
        }
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        if called.path.is_ident("cfg") {
            self.found.push(called.tokens.to_string());
        }
    }
}
