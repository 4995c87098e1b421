//! Whether somebody still reads standard output: a command that waits for news on a quiet desk would else find out only
//! with the next thing that it writes, `opora ticket watch | head -1` perhaps never.

use std::future::Future;

use rustix::event::{PollFd, PollFlags, poll};
use tokio::sync::oneshot;

use crate::failure::Failure;

/// Runs a command until it ends, or until nobody reads its output any more, which is its end in good order.
pub(crate) async fn while_read<T: Default>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let (tell, gone) = oneshot::channel();
    // It ends with the process at the latest: nobody waits for it. Where there is no thread nothing is told.
    let watching = std::thread::Builder::new().name("opora-reader".into()).spawn(move || {
        if until_gone() {
            let _ = tell.send(());
        }
    });
    tokio::select! {
        biased;
        ended = command => ended,
        Ok(()) = gone, if watching.is_ok() => Ok(T::default()),
    }
}

/// Waits until the other end of standard output was closed; what has no other end never is. `false`: it can't be told.
fn until_gone() -> bool {
    let stdout = std::io::stdout();
    loop {
        // Asked for nothing, it tells of an error or a hang-up alone.
        let mut fds = [PollFd::new(&stdout, PollFlags::empty())];
        match poll(&mut fds, None) {
            Ok(_) => return fds.iter().any(|fd| fd.revents().intersects(PollFlags::ERR | PollFlags::HUP)),
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return false,
        }
    }
}
