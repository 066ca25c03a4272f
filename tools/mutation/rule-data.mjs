import { declareValuePlugin, PluginKind } from "@stryker-mutator/api/plugin";

/** Makers of a judge's rules, whose first arguments are its number, its title and its source. */
const MAKERS = new Set(["kernelRule", "libbpfRule", "ayaRule", "ayaPanic", "ciliumRule", "mapRule", "programRule", "ruleMaker"]);

/** How many arguments of a maker are such data. */
const DATA = 3;

/** Leaves those alone: docs/rules.md is made of them and compared with them in a test of its own, which asks no judge. */
const ruleData = {
  shouldIgnore(path) {
    const { parent, node } = path;
    if (!path.isStringLiteral() || parent.type !== "CallExpression" || !MAKERS.has(parent.callee.name)) return undefined;
    return parent.arguments.indexOf(node) < DATA ? "number, title or source of a rule" : undefined;
  },
};

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, "rule-data", ruleData)];
