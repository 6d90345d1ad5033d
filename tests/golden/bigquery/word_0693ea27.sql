-- table demo.app.word: id INT64, wide STRING, czech STRING, fixed STRING, version BYTES
-- table demo.app_staging.word__RUN: _plimsoll_op STRING, id INT64, wide STRING, czech STRING, fixed STRING, version BYTES
MERGE `demo.app.word` AS T
USING `demo.app_staging.word__RUN` AS S
ON T.`id` = S.`id` AND T.`id` BETWEEN 1 AND 9
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`wide` = S.`wide`, T.`czech` = S.`czech`, T.`fixed` = S.`fixed`, T.`version` = S.`version`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`id`, `wide`, `czech`, `fixed`, `version`) VALUES (S.`id`, S.`wide`, S.`czech`, S.`fixed`, S.`version`)
