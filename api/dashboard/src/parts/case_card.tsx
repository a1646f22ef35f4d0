// CaseCard: the most pressing case on a phone, open in full, and the sentence of any case.
import type { Shown } from "../board";
import { tagOf } from "../board";
import { EvidenceSpark } from "../charts/spark";
import { farmMinute } from "../clock";
import { casePath } from "../route";
import { format, words } from "../settings";
import { findingOf } from "../words/finding";
import { GoButton, standing } from "./go";
import { Icon, Rich, Severity, Tag, TrackRecord } from "./marks";
import { nameOf, placeOf } from "./names";
import { severityClass } from "./severity";

export function CaseCard({ item }: { item: Shown }) {
  const { alert, animal, spark, track } = item;
  const said = words.value;
  const f = format.value;
  const now = farmMinute.value;
  const finding = findingOf(alert, now, animal);
  const name = nameOf(animal, alert);
  const isAnimal = alert.subject_kind === "animal"; // nobody else has a page with all steps
  const steps = said.steps(finding);
  const about = (
    <>
      <Tag
        text={tagOf(animal, alert)}
        priority={alert.priority}
        state={alert.status === "open" ? "open" : "hand"}
      />
      <div>
        <p class="nm">{name}</p>
        <p class="meta">{isAnimal ? placeOf(animal, now) : said.condition(alert.condition)}</p>
      </div>
    </>
  );
  return (
    <article
      class={`casecard ${severityClass(alert.priority)}`}
      data-alert={alert.alert_id}
      aria-label={`${said.priority[alert.priority]}: ${name}`}
    >
      <p class="top">
        <Severity priority={alert.priority} />
        <span>{said.priority[alert.priority]}</span>
        <span>{standing(item, now) ?? said.headline(finding, f, now)}</span>
      </p>
      <div class="in">
        {isAnimal ? (
          <a class="caseid" href={casePath(alert)}>
            {about}
            {spark === null ? null : (
              <EvidenceSpark spark={spark} alert={alert} width={84} height={44} />
            )}
          </a>
        ) : (
          <div class="caseid">{about}</div>
        )}
        <p class="sentence">
          <Rich text={said.sentence(name, finding, f, now)} />
        </p>
        <p class="todo">
          <Icon name="boot" />
          <span>{isAnimal ? steps[0] : steps.join(" ")}</span>
        </p>
        <TrackRecord track={track} />
        <div class="actions">
          {!isAnimal ? null : (
            <a class="btn" href={casePath(alert)}>
              <Icon name="why" /> {said.why}
            </a>
          )}
          <GoButton item={item} wide={!isAnimal} />
        </div>
      </div>
    </article>
  );
}
