-- table demo.app.part: code STRING, line INT64, what STRING, version BYTES
-- table demo.app_staging.part__RUN: _plimsoll_op STRING, code STRING, line INT64, what STRING, version BYTES
MERGE `demo.app.part` AS T
USING (SELECT * FROM `demo.app_staging.part__RUN` WHERE TRUE QUALIFY ROW_NUMBER() OVER (PARTITION BY `_plimsoll_op`, `code`, `line`, `what`, `version`) = 1) AS S
ON T.`code` = S.`code` AND T.`line` = S.`line` AND T.`code` BETWEEN 'a' AND 'z'
WHEN MATCHED AND S.`_plimsoll_op` = 'D' THEN DELETE
WHEN MATCHED THEN UPDATE SET T.`what` = S.`what`, T.`version` = S.`version`
WHEN NOT MATCHED AND S.`_plimsoll_op` = 'U' THEN INSERT (`code`, `line`, `what`, `version`) VALUES (S.`code`, S.`line`, S.`what`, S.`version`)
