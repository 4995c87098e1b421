//! Fetching files: into a file beside the target first, checked against its hash, then put in place.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use opora_proto::v1;

use super::attach::bar;
use crate::context::Context;
use crate::failure::{Exit, Failure};
use crate::sanitise;

/// How many times a broken download is taken up again.
const TRIES: u32 = 5;

/// `opora attach --download`.
pub(crate) async fn download(context: &Context, name: String, to: Option<PathBuf>) -> Result<(), Failure> {
    let mut fetching = Fetching { name, to, attachment: None, sink: None, hasher: blake3::Hasher::new(), at: 0 };
    let mut tries = 0;
    while let Err(failure) = fetching.fetch(context).await {
        if !failure.is_passing() || tries >= TRIES || fetching.attachment.is_none() {
            return Err(failure);
        }
        tries += 1;
    }
    fetching.finish(context)
}

struct Fetching {
    name: String,
    to: Option<PathBuf>,
    attachment: Option<v1::Attachment>,
    sink: Option<Sink>,
    hasher: blake3::Hasher,
    at: u64,
}

enum Sink {
    Stdout(std::io::Stdout),
    File(tempfile::NamedTempFile, PathBuf),
}

impl Sink {
    fn open(to: Option<&Path>, file_name: &str) -> Result<Self, Failure> {
        if to == Some(Path::new("-")) {
            return Ok(Self::Stdout(std::io::stdout()));
        }
        let target = match to {
            Some(path) if !path.is_dir() => path.to_owned(),
            folder => folder.unwrap_or_else(|| Path::new(".")).join(plain(file_name)),
        };
        let folder = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
        let file = tempfile::NamedTempFile::new_in(folder)
            .map_err(|cause| Failure::io(folder.display().to_string(), cause))?;
        Ok(Self::File(file, target))
    }

    fn write(&mut self, data: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Stdout(stdout) => stdout.write_all(data),
            Self::File(file, _) => file.write_all(data),
        }
    }
}

/// A name without anything that could lead elsewhere.
fn plain(file_name: &str) -> String {
    let clean = sanitise::line(file_name);
    let last = clean.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    if matches!(last, "" | "." | "..") { "attachment".to_owned() } else { last.to_owned() }
}

impl Fetching {
    async fn fetch(&mut self, context: &Context) -> Result<(), Failure> {
        let request = v1::DownloadAttachmentRequest { name: self.name.clone(), read_offset: self.at, read_limit: 0 };
        let answer = context.desk.without_deadline().attachments().download_attachment(request).await;
        let mut stream = answer.map_err(|status| context.failed(&status))?.into_inner();
        let mut progress = None;
        while let Some(part) = stream.message().await.map_err(|status| context.failed(&status))? {
            if let Some(attachment) = part.attachment {
                if self.sink.is_none() {
                    self.sink = Some(Sink::open(self.to.as_deref(), &attachment.file_name)?);
                }
                progress = Some(bar(context, attachment.size, &attachment.file_name));
                self.attachment = Some(attachment);
            }
            let sink = self.sink.as_mut().ok_or_else(|| Failure::bug("a file came without its header"))?;
            sink.write(&part.data).map_err(|cause| Failure::io(self.name.clone(), cause))?;
            self.hasher.update(&part.data);
            self.at += part.data.len() as u64;
            if let Some(progress) = &progress {
                progress.set_position(self.at);
            }
        }
        if let Some(progress) = progress {
            progress.finish_and_clear();
        }
        Ok(())
    }

    fn finish(self, context: &Context) -> Result<(), Failure> {
        let attachment = self.attachment.unwrap_or_default();
        let whole = self.hasher.finalize().to_hex().to_string() == attachment.blake3 && self.at == attachment.size;
        if !whole {
            let said = context.out.text.with("attach-hash", &[("file", (&attachment.file_name).into())]);
            return Err(Failure::new(Exit::Io, said));
        }
        match self.sink {
            Some(Sink::File(file, target)) => {
                let shown = target.display().to_string();
                file.persist(&target).map_err(|error| Failure::io(shown.clone(), error.error))?;
                let size = attachment.size.to_string();
                context.out.one(&attachment, || {
                    context.out.say("done-downloaded", &[("file", (&shown).into()), ("size", (&size).into())])
                })
            }
            Some(Sink::Stdout(mut stdout)) => stdout.flush().map_err(|cause| Failure::stream("io-stdout", cause)),
            None => Err(Failure::bug("no file came")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_name_from_elsewhere_never_leads_elsewhere() {
        for (given, kept) in [
            ("bpclient.log", "bpclient.log"),
            ("../../etc/passwd", "passwd"),
            ("C:\\logs\\x.log", "x.log"),
            ("..", "attachment"),
            ("", "attachment"),
            ("a\u{202e}b", "a\u{fffd}b"),
        ] {
            assert_eq!(plain(given), kept);
        }
    }
}
