// The dashboard: who is there, which screen, and what floats above it.
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import * as api from "./api";
import { RefusedError } from "./api";
import { startClock } from "./clock";
import { startSending } from "./outbox";
import { UndoToast } from "./parts/messages";
import { OutcomeSheet } from "./parts/outcome_sheet";
import { AppFrame } from "./parts/strip";
import { route, startRouting } from "./route";
import { Animal } from "./screens/animal";
import type { Entry } from "./screens/entry";
import { HowToComeIn } from "./screens/entry";
import { Now } from "./screens/now";
import { keepSession, takeTicket, token } from "./session";
import { language, learn, theme } from "./settings";
import { start, startStore } from "./store";

const entry = signal<Entry>("closed");

function App() {
  if (token.value === null) return <HowToComeIn entry={entry.value} />;
  const open = route.value;
  return (
    <AppFrame>
      {open.screen === "animal" ? <Animal key={open.animalId} animalId={open.animalId} /> : <Now />}
      <UndoToast />
      <OutcomeSheet />
    </AppFrame>
  );
}

/** Trade the ticket for a token. A ticket that is spent must not throw out who is in already. */
async function comeIn(ticket: string): Promise<void> {
  entry.value = "waiting";
  try {
    const session = await api.signIn(ticket);
    keepSession(session.token, session.user_id);
    entry.value = "closed";
  } catch (error) {
    entry.value = error instanceof RefusedError ? "spent" : "away";
  }
}

effect(() => {
  const root = document.documentElement;
  root.lang = language.value;
  if (theme.value === "auto") root.removeAttribute("data-theme");
  else root.dataset.theme = theme.value;
});

async function main(): Promise<void> {
  const ticket = takeTicket();
  startRouting();
  startClock();
  await learn(language.value);
  const root = document.getElementById("app");
  if (root !== null) render(<App />, root);
  if (ticket !== null) await comeIn(ticket);
  window.addEventListener("hashchange", () => {
    const again = takeTicket();
    if (again !== null) void comeIn(again).then(start);
  });
  startStore();
  startSending();
}

void main();
