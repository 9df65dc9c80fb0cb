// What a term of a query means for a block of columns: which plan looks at it. Most terms are sure of all but lines with colours, pieces, and
// events that are kept whole.
import type { FieldNode, QueryNode } from '../../live/query/ast.ts';
import { folds, Query } from '../../live/query/compile.ts';
import { isOwnField } from '../../live/query/fields.ts';
import type { Columns } from './columns.ts';
import { type Plan, type ReadValues, subjectWith } from './plan-base.ts';
import { LevelPlan, OriginPlan, ShapePlan, TimePlan } from './plan-columns.ts';
import { AnyPlan, ManyPlan, NotPlan } from './plan-logic.ts';
import { FieldPlan, TextPlan } from './plan-text.ts';
import { others } from './shapes.ts';

/** `now`, ms since the epoch, is what `since:15m` counts back from; `read` has the values of fields that have been read. */
export function planOf(
  node: QueryNode,
  columns: Columns,
  now: number,
  read: (field: string) => ReadValues | undefined,
): Plan {
  switch (node.kind) {
    case 'text':
      return new TextPlan(columns, node.text, folds(node.text));
    case 'regex':
      return new AnyPlan(columns);
    case 'not':
      return new NotPlan(columns, planOf(node.node, columns, now, read));
    case 'and':
    case 'or':
      return new ManyPlan(
        columns,
        node.nodes.map((one) => planOf(one, columns, now, read)),
        node.kind === 'and',
      );
    default:
      return fieldPlan(node, columns, now, read);
  }
}

function fieldPlan(
  node: FieldNode,
  columns: Columns,
  now: number,
  read: (field: string) => ReadValues | undefined,
): Plan {
  const query = new Query(node, now);
  const { name } = node;
  if (name === 'since' || name === 'until') {
    return new TimePlan(columns, query);
  }
  if (name === 'level') {
    return new LevelPlan(columns, query);
  }
  if (name === 'container' || name === 'source') {
    return new ShapePlan(columns, (shape) => {
      const value = name === 'container' ? shape.container : shape.source;
      // An event without the field is not one whose field is empty.
      const field = name === 'source' && value === '' ? undefined : value;
      return shape.id === others ? undefined : query.accepts(subjectWith({ field: () => field }));
    });
  }
  if (isOwnField(name)) {
    return new OriginPlan(columns, ({ tag, place }) =>
      query.accepts(
        subjectWith({
          field: () =>
            name === 'tag'
              ? tag
              : name === 'feed'
                ? place.listener
                : name === 'label'
                  ? place.label
                  : (place.name ?? place.address),
        }),
      ),
    );
  }
  return ['log', 'message', 'msg'].includes(name) ? new AnyPlan(columns) : new FieldPlan(columns, node, query, read);
}
