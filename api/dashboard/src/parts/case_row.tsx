// CaseRow: tag, name, fact, place and since, evidence, and who goes. The same order everywhere.
import type { Shown } from "../board";
import { tagOf } from "../board";
import { EvidenceSpark } from "../charts/spark";
import { farmMinute } from "../clock";
import { casePath } from "../route";
import { format, wide, words } from "../settings";
import type { Alert, DoneCase } from "../wire";
import { findingOf } from "../words/finding";
import { GoMini, standing } from "./go";
import { Rich, Tag } from "./marks";
import { nameOf, personOf } from "./names";

const FRESH_MS = 30 * 60_000; // a case is called new for half an hour

export function isFresh(alert: Alert, now: number): boolean {
  return alert.status === "open" && now - Date.parse(alert.raised_at) < FRESH_MS;
}

interface Props {
  item: Shown;
  selected?: boolean;
  onSelect?: () => void;
}

export function CaseRow({ item, selected, onSelect }: Props) {
  const { alert, animal, spark } = item;
  const said = words.value;
  const f = format.value;
  const now = farmMinute.value;
  const finding = findingOf(alert, now, animal);
  const name = nameOf(animal, alert);
  const taken = alert.status !== "open";
  const stands = standing(item, now);
  const classes = ["row"];
  if (selected) classes.push("is-sel");
  if (taken) classes.push("is-going");
  const third = [animal?.group, stands ?? said.headline(finding, f, now)]
    .filter(Boolean)
    .join(" · ");
  return (
    <li class={classes.join(" ")} data-alert={alert.alert_id}>
      <a
        class="hit"
        href={casePath(alert)}
        aria-label={said.openCase(said.priority[alert.priority], tagOf(animal, alert), name)}
        {...(selected ? { "aria-current": "true" as const } : {})}
        onClick={(event) => {
          if (onSelect === undefined || !wide.value || event.metaKey || event.ctrlKey) return;
          event.preventDefault();
          onSelect();
        }}
      />
      <Tag text={tagOf(animal, alert)} priority={alert.priority} state={taken ? "hand" : "open"} />
      <div class="rowtext">
        <p class="l1">
          {name}
          {isFresh(alert, now) ? <span class="isnew">{said.isNew}</span> : null}
        </p>
        <p class="l2">
          <Rich text={said.fact(finding, f, now)} />
        </p>
        <p class="l3">{third}</p>
      </div>
      {spark === null ? (
        <span />
      ) : (
        <EvidenceSpark spark={spark} alert={alert} width={60} height={36} />
      )}
      <GoMini item={item} />
    </li>
  );
}

export function DoneRow({ item }: { item: DoneCase }) {
  const { alert, animal } = item;
  const said = words.value;
  const name = nameOf(animal, alert);
  const outcome = alert.outcome === null ? "" : said.outcomeDone[alert.outcome];
  const at = format.value.since(Date.parse(alert.closed_at ?? alert.updated_at), farmMinute.value);
  return (
    <li class="row mini">
      <a class="hit" href={casePath(alert)} aria-label={`${tagOf(animal, alert)} ${name}`} />
      <Tag text={tagOf(animal, alert)} priority={null} />
      <p class="l2 isdone">
        <b>{name}</b> {said.condition(alert.condition)}:{" "}
        {said.doneLine(outcome, personOf(alert.closed_by), at)}
        {alert.note ? <span class="meta"> “{alert.note}”</span> : null}
      </p>
    </li>
  );
}
