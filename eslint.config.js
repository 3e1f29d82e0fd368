// Few rules, all errors: each one stands for something that a reviewer would otherwise have to say.
// `semi`, `quotes` and `arrow-parens` are ESLint's own (deprecated there in favour of a plugin, which three rules are not worth).
import { defineConfig } from 'eslint/config'
import tseslint from 'typescript-eslint'

const noDefaultExport = { selector: 'ExportDefaultDeclaration', message: 'Export by name: a default export has as many names as importers.' }
/** Signatures in types are free: what is limited is the code that someone has to call and read. */
const maxThreeParameters = { selector: ':function[params.length>3]', message: 'More than three parameters: take one object.' }

export default defineConfig(
  { ignores: ['node_modules/', 'coverage/', '*.config.js'] },
  {
    files: ['**/*.ts'],
    languageOptions: { parser: tseslint.parser, parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    plugins: { '@typescript-eslint': tseslint.plugin },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { disallowTypeAnnotations: false }],
      eqeqeq: 'error',
      'max-lines': ['error', 400],
      'max-lines-per-function': ['error', 60],
      'no-restricted-syntax': ['error', noDefaultExport, maxThreeParameters],
      semi: ['error', 'never'],
      quotes: ['error', 'single', { avoidEscape: true }],
      'arrow-parens': ['error', 'always'],
    },
  },
  // A range of octets is one thing, (bytes, from, to), and making an object of it for each field would cost what the codec saves.
  {
    files: ['src/http/**/*.ts'],
    rules: { 'no-restricted-syntax': ['error', noDefaultExport, { ...maxThreeParameters, selector: ':function[params.length>4], :function[params.length=4]:not([params.1.name=from])' }] },
  },
  // The function around a file's tests is a heading, not a function; one given to test.each takes a row of its table, column by column.
  {
    files: ['**/*.test.ts'],
    rules: {
      'max-lines-per-function': 'off',
      'no-restricted-syntax': ['error', noDefaultExport, { ...maxThreeParameters, selector: ':not(CallExpression) > :function[params.length>3]' }],
    },
  },
)
