//! Which cases are meant, by globs on their ids and tags.

/// Which cases by id and tag.
///
/// Words separated by blanks must all hold; alternatives within a word are separated by commas;
/// `!` negates a word. A word is a glob (`*`, `?`, `[abc]`) on ids and tags; `id:` and `tag:` look
/// at one of them only.
#[derive(Debug, Clone)]
pub struct Filter {
    text: String,
    words: Vec<Word>,
}

#[derive(Debug, Clone)]
struct Word {
    negated: bool,
    alternatives: Vec<(Field, glob::Pattern)>,
}

#[derive(Debug, Clone, Copy)]
enum Field {
    Id,
    Tag,
    Either,
}

impl std::str::FromStr for Filter {
    type Err = String;

    fn from_str(text: &str) -> Result<Filter, String> {
        let word = |word: &str| {
            let (negated, rest) = match word.strip_prefix('!') {
                Some(rest) => (true, rest),
                None => (false, word),
            };
            let alternative = |text: &str| {
                let (field, glob) = match text.split_once(':') {
                    Some(("id", glob)) => (Field::Id, glob),
                    Some(("tag", glob)) => (Field::Tag, glob),
                    _ => (Field::Either, text),
                };
                let pattern = glob::Pattern::new(glob)
                    .map_err(|error| format!("`{glob}` is not a pattern: {}", error.msg))?;
                Ok::<_, String>((field, pattern))
            };
            let alternatives = rest.split(',').filter(|text| !text.is_empty()).map(alternative);
            let alternatives = alternatives.collect::<Result<Vec<_>, _>>()?;
            if alternatives.is_empty() {
                return Err(format!("`{word}` names nothing"));
            }
            Ok(Word { negated, alternatives })
        };
        let words = text.split_whitespace().map(word).collect::<Result<Vec<_>, _>>()?;
        if words.is_empty() {
            return Err("an empty filter; leave it out to select everything".into());
        }
        Ok(Filter { text: text.to_owned(), words })
    }
}

impl std::fmt::Display for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl Filter {
    /// Whether a case of this name and these tags is wanted.
    #[must_use]
    pub fn matches(&self, id: &str, tags: &[String]) -> bool {
        let tagged = |glob: &glob::Pattern| tags.iter().any(|tag| glob.matches(tag));
        let holds = |(field, glob): &(Field, glob::Pattern)| match field {
            Field::Id => glob.matches(id),
            Field::Tag => tagged(glob),
            Field::Either => glob.matches(id) || tagged(glob),
        };
        self.words.iter().all(|word| word.alternatives.iter().any(holds) != word.negated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_combine_ids_and_tags() {
        let tags = ["anatomy".to_owned(), "hard".to_owned()];
        let holds = |filter: &str| filter.parse::<Filter>().unwrap().matches("body-bones", &tags);
        for filter in
            ["body-*", "anatomy", "tag:anat*", "id:*bones", "x,anatomy", "body-* hard", "!easy"]
        {
            assert!(holds(filter), "{filter}");
        }
        for filter in ["body", "tag:body-*", "id:anatomy", "!anatomy", "body-* easy", "!x,hard"] {
            assert!(!holds(filter), "{filter}");
        }
        for filter in ["", "  ", "!", "[a"] {
            assert!(filter.parse::<Filter>().is_err(), "{filter:?}");
        }
    }
}
