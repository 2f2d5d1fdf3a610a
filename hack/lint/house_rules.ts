/**
 * The rules of CONTRIBUTING.md that can be checked from the syntax of one file. `deno lint` and editors run them.
 */
const FILE_NAME = /^[a-z0-9]+(_[a-z0-9]+)*(\.d)?\.[jt]s$/;
const UPPER_SNAKE = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/;
/** Refusals worded as in earlier agents, which existing clients know. */
const CONTRACT_MESSAGE =
  /^(permission denied|failed to access log file|missing |invalid (authorization )?metadata|more than one |proxy CN|unknown service)/;

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    "file-name": {
      create(context) {
        return {
          Program(node) {
            const name = context.filename.split("/").at(-1) ?? "";
            if (FILE_NAME.test(name)) return;
            const message = `Cannot accept the file name ${name}: not snake_case`;
            context.report({ node, message });
          },
        };
      },
    },

    "platform-only": {
      create(context) {
        const isCore = /\/src\//.test(context.filename) &&
          !/\/src\/(platform|generated)\//.test(context.filename);
        return {
          Identifier(node) {
            if (!isCore || node.name !== "Deno") return;
            const message = "Cannot use Deno here: only src/platform calls the runtime";
            context.report({ node, message });
          },
        };
      },
    },

    /** A module's constant is UPPER_SNAKE if its value is written in the source, lowerCamel if it is computed. */
    "constant-style": {
      create(context) {
        const literals = new Set<string>();
        return {
          "Program > VariableDeclaration, Program > ExportNamedDeclaration > VariableDeclaration"(
            node: Deno.lint.VariableDeclaration,
          ) {
            if (node.kind !== "const" || context.filename.endsWith(".d.ts")) return;
            for (const { id, init } of node.declarations) {
              if (id.type !== "Identifier" || init === null) continue;
              const isLiteral = isScalar(init, literals);
              if (isLiteral) literals.add(id.name);
              if (isLiteral === UPPER_SNAKE.test(id.name)) continue;
              // A value made only of literals, such as a table, may have either form: it reads as a constant or as an
              // object.
              if (!isLiteral && isTable(init, literals)) continue;
              const wanted = isLiteral ? "UPPER_SNAKE, as its value is written here" : "lowerCamel";
              const message = `Cannot accept the constant's name ${id.name}: use ${wanted}`;
              context.report({ node: id, message });
            }
          },
        };
      },
    },

    /**
     * What was being done, then what is wrong: `Cannot parse start_time "x": not RFC 3339`. A caller sees a Failure's
     * message verbatim; an Error may also contain only the reason, which another message quotes.
     */
    "error-message": {
      create(context) {
        if (!/\/src\//.test(context.filename)) return {};
        return {
          NewExpression(node) {
            if (node.callee.type !== "Identifier") return;
            const { name } = node.callee;
            if (name !== "Failure" && name !== "Error") return;
            const text = textOf(node.arguments[name === "Failure" ? 1 : 0]);
            if (text === null) return;
            const { first, last } = text;
            const begins = name === "Failure"
              ? /^[A-Z`]/.test(first) || first === "" || CONTRACT_MESSAGE.test(first)
              : !/^(cannot|can't|could not|failed|unable)\b/.test(first);
            if (begins && !/[.!]$/.test(last)) return;
            const message =
              "Cannot accept this error message: begin with a capital and end without a full stop";
            context.report({ node, message });
          },
        };
      },
    },
  },
};

export default plugin;

/** A number, text or pattern written in the source, or arithmetic on such values. */
function isScalar(node: Deno.lint.Expression, literals: ReadonlySet<string>): boolean {
  switch (node.type) {
    case "Literal":
      return node.value !== null || "regex" in node;
    case "UnaryExpression":
      return isScalar(node.argument, literals);
    case "BinaryExpression":
      return node.left.type !== "PrivateIdentifier" && isScalar(node.left, literals) &&
        isScalar(node.right, literals);
    case "MemberExpression": // Number.MAX_SAFE_INTEGER
      return node.object.type === "Identifier" && node.object.name === "Number";
    case "Identifier":
      return literals.has(node.name) || UPPER_SNAKE.test(node.name);
    default:
      return false;
  }
}

/** An object or list of literals, or the result of a function or constructor called with them. */
function isTable(node: Deno.lint.Node, literals: ReadonlySet<string>): boolean {
  switch (node.type) {
    case "ObjectExpression":
      return node.properties.every((property) =>
        property.type === "Property" && isTable(property.value, literals)
      );
    case "ArrayExpression":
      return node.elements.every((element) => element !== null && isTable(element, literals));
    case "NewExpression":
    case "CallExpression":
      return node.arguments.length > 0 &&
        node.arguments.every((argument) => isTable(argument, literals)) &&
        (node.callee.type !== "MemberExpression" || isNamed(node.callee, literals));
    case "TaggedTemplateExpression":
      return node.quasi.expressions.length === 0;
    case "TSAsExpression":
    case "TSSatisfiesExpression":
      return isTable(node.expression, literals);
    default:
      return isScalar(node as Deno.lint.Expression, literals);
  }
}

/** `encoder.encode` or `Math.floor`, and calls on the result of such a call. */
function isNamed(callee: Deno.lint.MemberExpression, literals: ReadonlySet<string>): boolean {
  return callee.object.type === "Identifier" || isTable(callee.object, literals);
}

/** The first and last characters of a message, if the source shows them; null if it is computed. */
function textOf(node: Deno.lint.Node | undefined): { first: string; last: string } | null {
  if (node === undefined) return null;
  if (node.type === "Literal" && typeof node.value === "string") {
    return { first: node.value, last: node.value };
  }
  if (node.type === "TemplateLiteral") {
    return {
      first: node.quasis[0]?.cooked ?? "",
      last: node.quasis.at(-1)?.cooked ?? "",
    };
  }
  if (node.type === "BinaryExpression" && node.operator === "+") {
    const left = textOf(node.left);
    const right = textOf(node.right);
    return { first: left?.first ?? "", last: right?.last ?? "" };
  }
  return null;
}
