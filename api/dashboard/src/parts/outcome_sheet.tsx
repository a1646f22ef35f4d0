// OutcomeSheet: "What did you find?" Closes the case and teaches the detector. One tap is enough.
import { useEffect, useRef, useState } from "preact/hooks";
import { tagOf } from "../board";
import { farmMinute } from "../clock";
import { order } from "../outbox";
import { format, words } from "../settings";
import { letIn } from "../store";
import type { Outcome } from "../wire";
import { findingOf, topicOf } from "../words/finding";
import { judged, standing } from "./go";
import { Icon, Rich, Tag } from "./marks";
import { nameOf } from "./names";

const NOTE_CHARS_MAX = 500;
const CHOICES: { outcome: Outcome; icon: string }[] = [
  { outcome: "confirmed", icon: "check" },
  { outcome: "other_finding", icon: "note" },
  { outcome: "nothing_found", icon: "x" },
  { outcome: "device_fault", icon: "tag" },
];

export function OutcomeSheet() {
  const item = judged.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const [note, setNote] = useState("");
  useEffect(() => {
    if (item !== null) dialog.current?.showModal();
    setNote("");
  }, [item?.alert.alert_id]);
  if (item === null) return null;

  const { alert, animal } = item;
  const said = words.value;
  const now = farmMinute.value;
  const name = nameOf(animal, alert);
  const close = () => {
    dialog.current?.close();
    judged.value = null;
  };
  const judge = (outcome: Outcome) => {
    order(alert, { verb: "close", name, outcome, note: note.trim() || null });
    close();
    letIn(); // the finger was on the sheet, not on the list: the judged case may go
  };
  const meaning = said.rightMeans(topicOf(alert));
  return (
    <dialog
      class="sheet"
      ref={dialog}
      aria-label={`${name}: ${said.found}`}
      onCancel={() => (judged.value = null)}
      onClick={(event) => {
        if (event.target === dialog.current) close();
      }}
    >
      <div class="sheetin">
        <div class="caseid">
          <Tag text={tagOf(animal, alert)} priority={alert.priority} />
          <div>
            <p class="nm">{name}</p>
            <p class="meta">
              <Rich text={said.fact(findingOf(alert, now), format.value, now)} />
              {standing(item, now) ? `, ${standing(item, now)}` : ""}
            </p>
          </div>
        </div>
        <h2>{said.found}</h2>
        {CHOICES.map(({ outcome, icon }) => (
          <button class="btn wide big" type="button" key={outcome} onClick={() => judge(outcome)}>
            <Icon name={icon} />
            <span>
              {outcome === "device_fault" && alert.subject_kind !== "animal"
                ? said.deviceWrong
                : said.outcome[outcome]}
              {outcome === "confirmed" && meaning ? `: ${meaning}` : ""}
            </span>
          </button>
        ))}
        <label class="notebox">
          <span class="meta">{said.note}</span>
          <textarea
            rows={2}
            maxLength={NOTE_CHARS_MAX}
            value={note}
            onInput={(event) => setNote(event.currentTarget.value)}
          />
        </label>
        <button class="btn plain wide" type="button" onClick={close}>
          {said.notYet}
        </button>
      </div>
    </dialog>
  );
}
