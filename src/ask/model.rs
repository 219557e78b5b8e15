//! Whether the model that answered is the one that was asked.
//!
//! Servers rarely echo the name: they say which dated version an alias stands for, add or drop the
//! provider, or, having one model loaded, answer any name with that one. Only the last is worth a
//! warning.

/// Whether a server that was asked for `asked` and says that `served` answered did as asked:
/// the names are equal without regard to case, a leading provider (`org/`) and a `:latest`, or the
/// served one adds a date or version (`gpt-4o` → `gpt-4o-2024-08-06`).
#[must_use]
pub fn same_model(asked: &str, served: &str) -> bool {
    let (asked, served) = (asked.trim().to_lowercase(), served.trim().to_lowercase());
    let (asked_org, asked) = split(&asked);
    let (served_org, served) = split(&served);
    let orgs_agree = match (asked_org, served_org) {
        (Some(asked), Some(served)) => asked == served,
        _ => true,
    };
    let version = served.strip_prefix(asked).and_then(|rest| rest.strip_prefix(['-', '@', ':']));
    orgs_agree && (asked == served || (!asked.is_empty() && version.is_some_and(is_version)))
}

/// The name's provider, if it has one, and the rest of it.
fn split(name: &str) -> (Option<&str>, &str) {
    let name = name.strip_suffix(":latest").unwrap_or(name);
    name.rsplit_once('/').map_or((None, name), |(org, model)| (Some(org), model))
}

/// `2024-08-06`, `0613`, `001`, `v2`: what tells builds of one model apart. `mini`, `7b` and the
/// second 5 of `4-5` tell models apart.
fn is_version(suffix: &str) -> bool {
    let (least, number) = suffix.strip_prefix('v').map_or((3, suffix), |number| (1, number));
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    digits >= least && number.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'.' | b'_'))
}

#[cfg(test)]
mod tests {
    use super::same_model;

    #[test]
    fn aliases_are_told_from_other_models() {
        for (asked, served, same) in [
            ("gpt-4o", "gpt-4o", true),
            ("GPT-4o", "gpt-4o", true),
            ("gpt-4o", "gpt-4o-2024-08-06", true),
            ("gpt-4", "gpt-4-0613", true),
            ("gpt-4", "gpt-4-0125-preview", false),
            ("gpt-4o", "gpt-4o-mini", false),
            ("gpt-4o", "gpt-4o-mini-2024-07-18", false),
            ("gpt-4o-mini", "gpt-4o", false),
            ("gpt-4o-2024-08-06", "gpt-4o", false),
            ("gpt-4o-2024-08-06", "gpt-4o-2024-11-20", false),
            ("gpt-4", "gpt-4.1", false),
            ("gpt-4", "gpt-4-32k", false),
            ("claude-sonnet-4", "claude-sonnet-4-20250514", true),
            ("claude-sonnet-4", "claude-sonnet-4-5", false),
            ("claude-3-5-sonnet", "claude-3-5-sonnet@20240620", true),
            ("gemini-1.5-pro", "gemini-1.5-pro-002", true),
            ("text-model", "text-model-v2", true),
            ("llama3", "llama3:latest", true),
            ("llama3:latest", "llama3", true),
            ("llama3", "llama3:8b", false),
            ("openai/gpt-4o", "gpt-4o-2024-08-06", true),
            ("gpt-4o", "openai/gpt-4o", true),
            ("Qwen/Qwen2.5-7B", "qwen/qwen2.5-7b", true),
            ("a/m", "b/m", false),
            ("/models/m.gguf", "m.gguf", true),
            ("smollm2-135m", "models/SmolLM2-135M-Instruct.Q4_1.gguf", false),
            ("no-such-model", "smollm2-135m", false),
            ("", "gpt-4o", false),
            ("", "-001", false),
        ] {
            assert_eq!(same_model(asked, served), same, "{asked} → {served}");
        }
    }
}
