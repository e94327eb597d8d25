import tseslint from 'typescript-eslint';

/** Imports go down only: src → services → machines → machines/rules. */
const floors = [
  {
    files: ['machines/**'],
    forbidden: ['**/services/**', '**/src/**', 'node:*'],
    says: 'machines import machines and rules only',
  },
  // After the one above, which also matches: the last one counts.
  {
    files: ['machines/rules/**'],
    forbidden: ['../*', 'xstate', 'node:*'],
    says: 'rules are pure: they import rules only',
  },
  { files: ['services/**'], forbidden: ['**/src/**'], says: 'services do not import src' },
];

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', 'data/**'] },
  tseslint.configs.recommendedTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['*.js', 'test/*/*.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      // A machine's report action has parameters that only its provided twin uses.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Bounds are checked by the loop; `!` says so where the compiler cannot see it (noUncheckedIndexedAccess).
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/consistent-type-definitions': 'off',
      // Names of foreign answers and flags are quoted, to tell them from our own.
      '@typescript-eslint/dot-notation': 'off',
      '@typescript-eslint/no-explicit-any': 'error',
    },
  },
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
    },
  },
  { files: ['*.js', 'test/*/*.mjs'], ...tseslint.configs.disableTypeChecked },
  ...floors.map(({ files, forbidden, says }) => ({
    files,
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: forbidden, message: says }] }] },
  })),
);
