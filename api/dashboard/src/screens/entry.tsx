// How to come in: for whoever has neither a token nor a ticket, or a ticket that is spent.
import { useEffect } from "preact/hooks";
import { Icon, WithCode } from "../parts/marks";
import { words } from "../settings";

export type Entry = "waiting" | "closed" | "spent" | "away";

export function HowToComeIn({ entry }: { entry: Entry }) {
  const said = words.value;
  useEffect(() => {
    document.title = "Herdlog";
  }, []);
  return (
    <main class="entry" id="main">
      <Icon name="tag" />
      <h1>{said.title}</h1>
      {entry === "waiting" ? (
        <p role="status">{said.entry.waiting}</p>
      ) : (
        <>
          {entry === "spent" ? (
            <p class="notice" role="alert">
              <Icon name="x" />
              <span>
                <b>{said.entry.spent}</b> <WithCode text={said.entry.spentNext} />
              </span>
            </p>
          ) : null}
          {entry === "away" ? (
            <p class="notice" role="alert">
              <Icon name="offline" />
              <b>{said.error.notLoaded}</b>
            </p>
          ) : null}
          <h2>{said.entry.title}</h2>
          <p>
            <WithCode text={said.entry.body} />
          </p>
        </>
      )}
    </main>
  );
}
